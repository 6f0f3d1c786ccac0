// SPDX-License-Identifier: BSD-2-Clause
// What the name in HELO is: the checks that ask no name server.
#include "check/helo.h"

#include "fact/family.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

using enum FactType;

enum class Place : std::uint8_t { helo_fqdn, helo_is_address, helo_is_ours, helo_address_mismatch };

constexpr FactDefinition facts[] = {
    {.name = "helo_fqdn",
     .type = boolean,
     .known = known_at_doors(Stage::helo),
     .meaning = "whether helo_name is a fully qualified name or an address literal",
     .scope = FactScope::helo,
     .check = true},
    {.name = "helo_is_address",
     .type = boolean,
     .known = known_at_doors(Stage::helo),
     .meaning = "whether helo_name is an IP address, in brackets or not",
     .scope = FactScope::helo,
     .check = true},
    {.name = "helo_is_ours",
     .type = boolean,
     .known = known_at_doors(Stage::helo),
     .meaning = "whether helo_name is one of [general] our_names, or the address that the client connected to",
     .scope = FactScope::helo,
     .check = true},
    {.name = "helo_address_mismatch",
     .type = boolean,
     .known = known_at_doors(Stage::helo),
     .meaning = "whether helo_name is an IP address other than client_address",
     .scope = FactScope::helo,
     .check = true},
};

class HeloSource final : public FactSource {
 public:
  explicit HeloSource(const FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override {
    const Client& client = reader_.client();
    if (client.helo_name.empty()) return {};
    const auto place = place_of<Place>(fact);
    if (place == Place::helo_fqdn) return boolean_value(is_fully_qualified(client.helo_name));
    const auto address = address_in_helo(client.helo_name);
    if (place == Place::helo_is_address) return boolean_value(address.has_value());
    if (place == Place::helo_address_mismatch)
      return boolean_value(address && client.address && *address != *client.address);
    Found found;
    if (const auto& ours = reader_.settings().our_names)
      found = address ? ours->find(*address) : ours->find_domain(compared_domain(client.helo_name));
    if (found.is_outage()) return outage_value();
    return boolean_value(found || (address && *address == IpAddress::parse(client.server_address)));
  }

 private:
  const FactReader& reader_;
};

}  // namespace

extern const FactFamily helo_family{"helo", facts, "", make_source<HeloSource>};

}  // namespace mailweir

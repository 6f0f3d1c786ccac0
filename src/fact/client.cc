// SPDX-License-Identifier: BSD-2-Clause
// Facts of the client: who it is, and where it connected to.
#include <optional>

#include "fact/family.h"

namespace mailweir {
namespace {

using enum FactType;

enum class Place : std::uint8_t {
  address,
  name,
  reverse_name,
  port,
  helo_name,
  server_address,
  server_port,
  door,
  origin,
  service,
};

constexpr FactDefinition facts[] = {
    {.name = "client_address",
     .type = ip,
     .known = known_of_logins(Stage::connect),
     .meaning = "the client's IP address",
     .scope = FactScope::session},
    {.name = "client_name",
     .type = domain,
     .known = known_at_doors(Stage::connect),
     .meaning = "the client's name, confirmed by the mail server with a forward lookup; otherwise unknown",
     .scope = FactScope::session},
    {.name = "reverse_client_name",
     .type = domain,
     .known = known_at_doors(Stage::connect),
     .meaning = "the client's name by reverse lookup only; otherwise unknown",
     .scope = FactScope::session},
    {.name = "client_port",
     .type = number,
     .known = known_at_doors(Stage::connect),
     .meaning = "the client's TCP port",
     .scope = FactScope::session},
    {.name = "helo_name",
     .type = domain,
     .known = known_at_doors(Stage::helo),
     .meaning = "the name in HELO or EHLO",
     .scope = FactScope::helo,
     .any_text = true},
    {.name = "server_address",
     .type = ip,
     .known = known_at_doors(Stage::connect),
     .meaning = "the address that the client connected to",
     .scope = FactScope::session},
    {.name = "server_port",
     .type = number,
     .known = known_at_doors(Stage::connect),
     .meaning = "the port that the client connected to",
     .scope = FactScope::session},
    {.name = "door",
     .type = word,
     .known = known_of_logins(Stage::connect),
     .meaning = "the door that asks",
     .scope = FactScope::session,
     .words = "milter policy http"},
    {.name = "origin",
     .type = word,
     .known = known_at_doors(Stage::connect),
     .meaning = "local: from sendmail(1), cron, or a script of a web site",
     .scope = FactScope::session,
     .words = "smtp local"},
    {.name = "service",
     .type = text,
     .known = known_of_logins(Stage::connect),
     .meaning = "policy_context at the policy door, {daemon_name} at the milter door",
     .scope = FactScope::session},
};

class ClientSource final : public FactSource {
 public:
  explicit ClientSource(const FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override {
    const Client& client = reader_.client();
    switch (place_of<Place>(fact)) {
      case Place::address: return address_value(client.address);
      case Place::name: return text_value(client.name);
      case Place::reverse_name: return text_value(client.reverse_name);
      case Place::port: return client.port ? number_value(*client.port) : FactValue();
      case Place::helo_name: return text_value(client.helo_name);
      case Place::server_address:
        if (!server_address_) server_address_ = IpAddress::parse(client.server_address);
        return address_value(server_address_);
      case Place::server_port: return client.server_port ? number_value(*client.server_port) : FactValue();
      case Place::door: return text_value(to_string(reader_.door()));
      case Place::origin: return text_value(client.origin == Origin::local ? "local" : "smtp");
      case Place::service: return text_value(client.service);
    }
    return {};
  }

 private:
  static FactValue address_value(const std::optional<IpAddress>& address) {
    FactValue value;
    if (!address) return value;
    value.state = FactValue::State::known;
    value.one.ip = &*address;
    return value;
  }

  const FactReader& reader_;
  std::optional<IpAddress> server_address_;
};

}  // namespace

extern const FactFamily client_family{"client", facts, "", make_source<ClientSource>};

}  // namespace mailweir

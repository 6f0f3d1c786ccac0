// SPDX-License-Identifier: BSD-2-Clause
// The checks of names in the DNS: iprev, sender_domain_dns, helo_dns.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "check/helo.h"
#include "check/iprev.h"
#include "check/sender_domain.h"
#include "fact/check_memo.h"
#include "fact/family.h"

namespace mailweir {
namespace {

using enum FactType;

enum class Place : std::uint8_t { iprev, sender_domain_dns, helo_dns };

constexpr std::string_view helo_words = "exists nxdomain no-mail-host null-mx temperror";
constexpr std::string_view sender_words = "exists nxdomain no-mail-host no-public-host null-mx temperror";

constexpr FactDefinition facts[] = {
    {.name = "iprev",
     .type = word,
     .known = known_at_doors(Stage::connect),
     .meaning = "forward-confirmed reverse DNS of client_address (RFC 8601)",
     .scope = FactScope::session,
     .words = "pass fail temperror permerror",
     .check = true,
     .lookups = FactLookups::early},
    {.name = "sender_domain_dns",
     .type = word,
     .known = known_at_doors(Stage::mail),
     .meaning = "whether sender_domain can receive mail",
     .words = sender_words,
     .check = true,
     .lookups = FactLookups::early},
    {.name = "helo_dns",
     .type = word,
     .known = known_at_doors(Stage::helo),
     .meaning = "whether helo_name exists in the DNS",
     .scope = FactScope::helo,
     .words = helo_words,
     .check = true,
     .lookups = FactLookups::early},
};

CheckMemo memo_of(DomainResult result) {
  return {std::string(to_string(result.status)), std::move(result.reason), result.status == DomainStatus::temperror};
}

CheckMemo memo_of(AuthResult result) {
  return {std::string(to_string(result.word)), std::move(result.reason), result.word == AuthWord::temperror};
}

class DnsChecks final : public FactSource {
 public:
  explicit DnsChecks(FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override {
    const auto place = place_of<Place>(fact);
    if (!has_input(place)) return {};
    auto& memo = memo_of_place(place);
    if (!memo) memo = look_up(place);
    return word_value(memo->word);
  }

  void start(const FactRef& fact) override {
    const auto place = place_of<Place>(fact);
    if (!has_input(place) || memo_of_place(place)) return;
    switch (place) {
      case Place::iprev:
        if (reader_.client().resolved != Resolved::unknown) return;  // the MTA has found it
        return look_up_early(place, [address = *reader_.client().address](Lookups& early) {
          return memo_of(mailweir::iprev(early, address));
        });
      case Place::sender_domain_dns:
        return look_up_early(place, [name = std::string(reader_.transaction().sender.domain())](Lookups& early) {
          return memo_of(mailweir::sender_domain_dns(early, name));
        });
      case Place::helo_dns:
        return look_up_early(place, [name = reader_.client().helo_name](Lookups& early) {
          return memo_of(mailweir::helo_dns(early, name));
        });
    }
  }

  std::string_view reason(const FactRef& fact) const override {
    const auto& memo = memos_[static_cast<std::size_t>(place_of<Place>(fact))];
    return memo ? std::string_view(memo->reason) : std::string_view();
  }

  void forget(FactScope scope) override {
    if (scope == FactScope::helo) memo_of_place(Place::helo_dns).reset();
    if (scope == FactScope::transaction) memo_of_place(Place::sender_domain_dns).reset();
  }

 private:
  std::optional<CheckMemo>& memo_of_place(Place place) { return memos_[static_cast<std::size_t>(place)]; }

  Lookups& lookups(Place place) {
    return reader_.lookups(place == Place::sender_domain_dns ? LookupsOf::transaction : LookupsOf::session);
  }

  bool has_input(Place place) const {
    if (place == Place::iprev) return reader_.client().address.has_value();
    return !(place == Place::helo_dns ? std::string_view(reader_.client().helo_name)
                                      : reader_.transaction().sender.domain())
                .empty();
  }

  // What is found at once is kept; else look_up() finds the answers on their way.
  template <typename Check>
  void look_up_early(Place place, Check check) {
    const auto found = std::make_shared<CheckMemo>();  // a later run may come when this object is gone
    if (lookups(place).prefetch([found, check = std::move(check)](Lookups& early) { *found = check(early); }))
      memo_of_place(place) = std::move(*found);
  }

  CheckMemo look_up(Place place) {
    switch (place) {
      case Place::iprev: return iprev();
      case Place::sender_domain_dns:
        return memo_of(mailweir::sender_domain_dns(lookups(place), reader_.transaction().sender.domain()));
      case Place::helo_dns: return memo_of(mailweir::helo_dns(lookups(place), reader_.client().helo_name));
    }
    return {};
  }

  // What the MTA has found is used: no lookup of ours is needed.
  CheckMemo iprev() {
    const Client& client = reader_.client();
    switch (client.resolved) {
      case Resolved::ok: return {"pass", "the MTA confirmed the name " + client.name, false};
      case Resolved::forged:
        return {"fail", "the MTA found the name " + client.reverse_name + ", which does not have this address", false};
      case Resolved::unknown: break;
    }
    return memo_of(mailweir::iprev(lookups(Place::iprev), *client.address));
  }

  FactReader& reader_;
  std::array<std::optional<CheckMemo>, std::size(facts)> memos_;
};

}  // namespace

extern const FactFamily dns_checks_family{"dns_checks", facts, "", make_source<DnsChecks>};

}  // namespace mailweir

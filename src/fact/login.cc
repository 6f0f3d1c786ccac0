// SPDX-License-Identifier: BSD-2-Clause
// Facts of the login, and the checks whether it may use the addresses of its mail.
#include "check/login.h"
#include "fact/family.h"
#include "fact/find_first.h"
#include "fact/from.h"

namespace mailweir {
namespace {

using enum FactType;

enum class Place : std::uint8_t {
  username,
  method,
  domain,
  authenticated,
  sender_login_mismatch,
  from_login_mismatch,
};

constexpr FactDefinition facts[] = {
    {.name = "sasl_username",
     .type = login,
     .known = known_of_logins(Stage::mail),
     .meaning = "the login of the client"},
    {.name = "sasl_method",
     .known = known_at_doors(Stage::mail),
     .meaning = "the authentication method: PLAIN, LOGIN, ..."},
    {.name = "sasl_domain",
     .type = domain,
     .known = known_of_logins(Stage::mail),
     .meaning = "the domain of sasl_username, if it has one"},
    {.name = "authenticated",
     .type = boolean,
     .known = known_at_doors(Stage::mail),
     .meaning = "whether there is a sasl_username"},
    {.name = "sender_login_mismatch",
     .type = boolean,
     .known = known_at_doors(Stage::mail),
     .meaning = "whether the map does not let this login use this sender",
     .check = true,
     .argument = FactArgument::map},
    {.name = "from_login_mismatch",
     .type = boolean,
     .known = known_at_milter(Stage::end_of_message),
     .meaning = "the same for the addresses of the From header: whether it has one that the login may not use",
     .needs = FactNeeds::header,
     .check = true,
     .argument = FactArgument::map},
};

std::string_view domain_of(std::string_view login) {
  const auto at = login.rfind('@');
  return at == login.npos ? std::string_view() : login.substr(at + 1);
}

class LoginSource final : public FactSource {
 public:
  explicit LoginSource(FactReader& reader) : reader_(reader), transaction_(reader.transaction()) {}

  FactValue get(const FactRef& fact) override {
    switch (place_of<Place>(fact)) {
      case Place::username: return username();
      case Place::method: return text_value(transaction_.sasl_method);
      case Place::domain: return text_value(domain_of(transaction_.sasl_username));
      case Place::authenticated: return boolean_value(!transaction_.sasl_username.empty());
      case Place::sender_login_mismatch: return sender_mismatch(*fact.map);
      case Place::from_login_mismatch: return from_mismatch(*fact.map);
    }
    return {};
  }

 private:
  // One with an @ may stand in a table as a mail address does.
  FactValue username() {
    const std::string& login = transaction_.sasl_username;
    FactValue value = text_value(login);
    if (login.find('@') == std::string::npos) return value;
    login_ = Address::parse(login, reader_.settings().spelling);
    value.one.address = &login_;
    return value;
  }

  FactValue sender_mismatch(const Table& owners) const {
    const Address& sender = transaction_.sender;
    if (sender.is_absent() || sender.is_null()) return {};
    const auto mismatch = login_mismatch(owners, transaction_.sasl_username, sender);
    return mismatch ? boolean_value(*mismatch) : outage_value();
  }

  FactValue from_mismatch(const Table& owners) {
    auto& from = reader_.family<FromSource>(from_family);
    const auto authors = from.items();
    if (transaction_.headers == nullptr || authors.empty()) return {};
    bool unknown = false;
    // Of many authors most have no entry: one call may do for all.
    const bool none = authors.size() > 1 && find_first_in(owners, authors, FactType::address) == std::nullopt;
    for (const FactItem& author : authors) {
      const auto mismatch = none ? login_mismatch(Found(), transaction_.sasl_username, *author.address)
                                 : login_mismatch(owners, transaction_.sasl_username, *author.address);
      if (mismatch.value_or(false)) return boolean_value(true);
      unknown = unknown || !mismatch;
    }
    return unknown ? outage_value() : boolean_value(false);
  }

  FactReader& reader_;
  const Transaction& transaction_;
  Address login_;
};

}  // namespace

extern const FactFamily login_family{"login", facts, "from", make_source<LoginSource>};

}  // namespace mailweir

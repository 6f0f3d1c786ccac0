// SPDX-License-Identifier: BSD-2-Clause
// Facts: the addresses of the envelope.
#include "check/login.h"
#include "fact/facts.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

FactValue truth(bool value) {
  FactValue fact;
  fact.state = FactValue::State::known;
  fact.one.number = value ? 1 : 0;
  return fact;
}

FactValue outage() {
  FactValue fact;
  fact.state = FactValue::State::outage;
  return fact;
}

}  // namespace

// A mail address or its domain; two, where it is another address as well. The items are the same for both facts,
// because a value of the one may still be in use when the other is asked.
FactValue Facts::address_value(const Address& address, std::array<FactItem, 2>& items, bool domains) {
  FactValue value;
  if (address.is_absent()) return value;
  std::size_t first = 0, count = 0;
  for (const Address* one : {&address, address.also()}) {
    if (one == nullptr) continue;
    items[count].address = one;
    items[count].text = one->domain();
    ++count;
  }
  if (domains && items[0].text.empty()) ++first;
  if (domains && count == 2 && items[1].text.empty()) --count;
  if (first >= count) return value;
  value.state = FactValue::State::known;
  value.one = items[first];
  if (count - first > 1) value.many = std::span(items).subspan(first, count - first);
  return value;
}

// One with an @ may stand in a table as a mail address does.
FactValue Facts::login_value() {
  FactValue value;
  const std::string& login = transaction_.sasl_username;
  if (login.empty()) return value;
  value.state = FactValue::State::known;
  value.one.text = login;
  if (login.find('@') == std::string::npos) return value;
  login_ = Address::parse(login, spelling());
  value.one.address = &login_;
  return value;
}

// As the client wrote it: "ceo" is none, whatever domain the MTA appends.
FactValue Facts::sender_fqdn() const {
  const Address& sender = transaction_.sender;
  if (sender.is_absent() || sender.is_null()) return {};
  const bool bare = sender.also() != nullptr && sender.also()->domain().empty();
  return truth(!bare && is_fully_qualified(sender.domain()));
}

const MailboxSpelling& Facts::spelling() const {
  static const MailboxSpelling plain;
  return settings_ != nullptr ? settings_->spelling : plain;
}

FactValue Facts::sender_login_mismatch(const Table& owners) const {
  const Address& sender = transaction_.sender;
  if (sender.is_absent() || sender.is_null()) return {};
  const auto mismatch = login_mismatch(owners, transaction_.sasl_username, sender);
  return mismatch ? truth(*mismatch) : outage();
}

}  // namespace mailweir

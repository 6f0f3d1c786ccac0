// SPDX-License-Identifier: BSD-2-Clause
#include "rule/limit_key.h"

#include <algorithm>

#include "base/text.h"
#include "mail/domain.h"

namespace mailweir {

std::string key_of(Facts& facts, std::span<const FactRef> by, unsigned prefix4, unsigned prefix6, bool& known) {
  std::string key;
  known = true;
  for (const FactRef& fact : by) {
    const FactValue value = facts.get(fact);
    if (value.state != FactValue::State::known) {
      known = false;
      return key;
    }
    if (&fact != &by.front()) key += '|';
    const auto start = key.size();
    if (fact.type() == FactType::ip) {
      const IpAddress& ip = *value.items().front().ip;
      key += ip.masked(ip.is_v4() ? prefix4 : prefix6).to_string();
    } else if (fact.type() == FactType::address) {
      const Address& address = *value.items().front().address;
      key += address.is_null() ? "<>" : address.plain();
    } else if (fact.type() == FactType::domain) {
      key += compared_domain(facts.to_text(fact, value));
    } else {
      key += folded(facts.to_text(fact, value));
    }
    // The sign between parts can't be had by writing it into one: that would reach another key's counter.
    if (by.size() > 1) std::replace(key.begin() + static_cast<std::ptrdiff_t>(start), key.end(), '|', '\x1f');
  }
  // A stranger chooses some of these (a sender, a HELO name): bounded, and told apart by its end.
  if (key.size() > 300) key = key.substr(0, 280) + '~' + std::to_string(std::hash<std::string>{}(key));
  return key;
}

Result<std::string> key_as_counted(std::span<const FactRef> by, unsigned prefix4, unsigned prefix6,
                                   std::string_view written, const MailboxSpelling& spelling) {
  if (by.empty()) return std::string();
  const auto parts = by.size() == 1 ? std::vector<std::string_view>{written} : split(written, '|');
  if (parts.size() != by.size())
    return Error{"the key has " + std::to_string(by.size()) + " parts, \"|\" between them, not " +
                 std::to_string(parts.size())};
  std::string key;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const auto part = trimmed(parts[i]);
    if (part.empty()) return Error{by[i].name + ": an empty key"};
    if (i > 0) key += '|';
    if (by[i].type() == FactType::ip) {
      const auto ip = IpAddress::parse(part.substr(0, part.find('/')));
      if (!ip) return Error{by[i].name + ": \"" + cleaned(part, true, 100) + "\" is not an IP address"};
      key += ip->masked(ip->is_v4() ? prefix4 : prefix6).to_string();
    } else if (by[i].type() == FactType::address) {
      key += part == "<>" ? std::string(part) : Address::parse(part, spelling).plain();
    } else {
      key += by[i].type() == FactType::domain ? compared_domain(part) : folded(part);
    }
  }
  return key;
}

}  // namespace mailweir

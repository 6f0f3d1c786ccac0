// SPDX-License-Identifier: BSD-2-Clause
// Session: under which key a limit counts, and by which windows.
#include <algorithm>

#include "base/keyed_hash.h"
#include "base/text.h"
#include "engine/limit_key.h"
#include "engine/session.h"

namespace mailweir {

// False: the value is not known.
bool Session::fill_distinct(const Limit& limit, Stage stage, Charge& charge) {
  bool known = false;
  charge.member = key_of(facts_, {&*limit.distinct, 1}, limit.prefix4, limit.prefix6, known);
  charge.kind = CountKind::distinct;
  charge.amount = stage == Stage::auth ? 0 : 1;  // a login is counted when it is known that its password was right
  for (Window& window : charge.windows) window.max = std::min(window.max, most_distinct);
  return known && !charge.member.empty();
}

// What is remembered of a recipient is a hash: 64 bits, the same on all nodes.
bool Session::fill_first_time(Charge& charge) const {
  static const KeyedHash hash(0x66697273, 0x7474696d);
  if (transaction_.recipient.is_absent()) return false;
  charge.kind = CountKind::first_seen;
  std::uint64_t bits = hash(transaction_.recipient.without_extension());
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  for (int i = 0; i < 13; ++i, bits >>= 5) charge.member += digits[bits & 31];
  return true;
}

std::string Session::limit_key(const Limit& limit, bool& known) {
  return key_of(facts_, limit.by, limit.prefix4, limit.prefix6, known);
}

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
      key += address.is_null() ? "<>" : address.without_extension();
    } else {
      key += folded(facts.to_text(fact, value));
    }
    // The sign between parts can't be had by writing it into one: nobody shall get at another's counter so.
    if (by.size() > 1) std::replace(key.begin() + static_cast<std::ptrdiff_t>(start), key.end(), '|', '\x1f');
  }
  // A stranger chooses some of these (a sender, a HELO name): bounded, and told apart by its end.
  if (key.size() > 300) key = key.substr(0, 280) + '~' + std::to_string(std::hash<std::string>{}(key));
  return key;
}

Result<std::string> key_as_counted(std::span<const FactRef> by, unsigned prefix4, unsigned prefix6, std::string_view written) {
  if (by.empty()) return std::string();
  const auto parts = by.size() == 1 ? std::vector<std::string_view>{written} : split(written, '|');
  if (parts.size() != by.size())
    return Error{"the key has " + std::to_string(by.size()) + " parts, \"|\" between them, not " + std::to_string(parts.size())};
  std::string key;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const auto part = trimmed(parts[i]);
    if (part.empty()) return Error{by[i].name + ": an empty key"};
    if (i > 0) key += '|';
    if (by[i].type() == FactType::ip) {
      const auto ip = IpAddress::parse(part.substr(0, part.find('/')));
      if (!ip) return Error{by[i].name + ": \"" + cleaned(part, true, 100) + "\" is no IP address"};
      key += ip->masked(ip->is_v4() ? prefix4 : prefix6).to_string();
    } else if (by[i].type() == FactType::address) {
      key += part == "<>" ? std::string(part) : Address::parse(part).without_extension();
    } else {
      key += folded(part);
    }
  }
  return key;
}

std::vector<Window> Session::windows(const Limit& limit, const std::string& key) const {
  if (!limit.overrides) return limit.max;
  Found found = limit.overrides->find_word(key);
  if (!found && !found.is_outage()) {
    if (const auto ip = IpAddress::parse(key)) found = limit.overrides->find(*ip);
    else if (key.find('@') != key.npos) found = limit.overrides->find(Address::parse(key));
    else found = limit.overrides->find_domain(key);
  }
  if (found.is_outage()) return limit.max;
  if (!found && key.find('@') != key.npos) found = limit.overrides->find_word(key.substr(key.rfind('@')));
  if (!found) found = limit.overrides->find_word("default");
  if (!found) return limit.max;
  if (limit.of == Quantity::open_connections) {
    if (const auto most = to_number(*found)) return {Window{*most, {}}};
  }
  auto windows = parse_windows(*found);
  return windows ? std::move(*windows) : limit.max;  // checked when the policy was read
}

}  // namespace mailweir

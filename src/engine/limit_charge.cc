// SPDX-License-Identifier: BSD-2-Clause
#include "engine/limit_charge.h"

#include <algorithm>

#include "base/keyed_hash.h"
#include "base/text.h"
#include "engine/leases.h"
#include "rule/blocking.h"
#include "rule/limit_key.h"

namespace mailweir {
namespace {

// False: the value is not known.
bool fill_distinct(const Limit& limit, Stage stage, Facts& facts, Charge& charge) {
  bool known = false;
  charge.member = key_of(facts, {&*limit.distinct, 1}, limit.prefix4, limit.prefix6, known);
  charge.kind = CountKind::distinct;
  charge.amount = stage == Stage::auth ? 0 : 1;  // a login is counted when it is known that its password was right
  for (Window& window : charge.windows) window.max = std::min(window.max, most_distinct);
  return known && !charge.member.empty();
}

// What is remembered of a recipient is a hash: 64 bits, the same on all nodes.
bool fill_first_time(const Transaction& transaction, Charge& charge) {
  static const KeyedHash hash(0x66697273, 0x7474696d);
  if (transaction.recipient.is_absent()) return false;
  charge.kind = CountKind::first_seen;
  std::uint64_t bits = hash(transaction.recipient.plain());
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  for (int i = 0; i < 13; ++i, bits >>= 5) charge.member += digits[bits & 31];
  return true;
}

std::string names_of(const std::vector<FactRef>& facts) {
  std::string names;
  for (const FactRef& fact : facts) names += (names.empty() ? "" : " and ") + fact.name;
  return names;
}

}  // namespace

std::string list_name(const Rule& rule) { return std::string(blocking(rule)->list) + (rule.shadow ? "~shadow" : ""); }

std::optional<Charge> charge_for(const Rule& rule, Stage stage, Facts& facts, std::string* why) {
  const Limit& limit = *rule.limit;
  const auto none = [why](auto words) -> std::optional<Charge> {
    if (why != nullptr) *why = words();
    return {};
  };
  const Transaction& transaction = facts.transaction();
  bool known = false;
  Charge charge;
  charge.key = key_of(facts, limit.by, limit.prefix4, limit.prefix6, known);
  if (!known) return none([&] { return "its key, " + names_of(limit.by) + ", is not known"; });
  charge.windows = windows_for(limit, charge.key, facts.spelling());
  if (charge.windows.empty()) return none([&] { return cleaned(charge.key, false, 300) + " is unlimited"; });
  charge.limit = rule.shadow ? limit.counter + "~shadow" : limit.counter;
  charge.enforce = !rule.shadow && rule.action != Action::none;
  charge.attempts = limit.attempts;
  charge.stranger = facts.is_of_stranger();
  switch (limit.of) {
    case Quantity::messages:
    case Quantity::connections: charge.amount = 1; break;
    case Quantity::recipients: charge.amount = stage == Stage::rcpt ? 1 : transaction.recipient_count; break;
    case Quantity::bytes: charge.amount = transaction.size.value_or(0); break;
    case Quantity::open_connections:
      charge.kind = CountKind::lease;
      charge.member = Leases::new_member();
      charge.amount = 1;
      charge.windows = {Window{charge.windows.front().max, std::chrono::seconds(0)}};
      break;
    case Quantity::unknown_recipients:
    case Quantity::auth_failures:
    case Quantity::bounces: charge.amount = 0; break;  // was counted when it happened
    case Quantity::distinct:
      if (!fill_distinct(limit, stage, facts, charge))
        return none([&] { return "what it counts, " + limit.distinct->name + ", is not known"; });
      break;
    case Quantity::first_time_recipients:
      if (!fill_first_time(transaction, charge)) return none([] { return std::string("the recipient is not known"); });
      break;
  }
  if (charge.amount == 0 && !is_event(limit.of) && limit.of != Quantity::distinct)
    return none([&] { return "it counts " + std::string(to_string(limit.of)) + ", and there are none"; });
  return charge;
}

std::optional<Charge> block_question_for(const Rule& rule, Facts& facts) {
  bool known = false;
  const BlockingRule block = *blocking(rule);
  std::string key = key_of(facts, block.by, block.prefix4, block.prefix6, known);
  if (!known) return {};
  Charge charge = block_question(list_name(rule), std::move(key));
  charge.stranger = facts.is_of_stranger();
  charge.enforce = !rule.shadow && (rule.block || rule.action != Action::none);
  charge.attempts =
      rule.limit && rule.limit->attempts;  // asked also when the message is refused otherwise: its limit is
  return charge;
}

// The file speaks of rules that refuse; a hold or a route defers only if it says so itself.
bool goes_on_uncounted(const Rule& rule, bool of_block, Outage of_counters) {
  const Outage by_file = rule.lets_pass() && !of_block ? Outage::go_on : of_counters;
  return (rule.on_outage != Outage::unset ? rule.on_outage : by_file) != Outage::defer || rule.shadow;
}

std::uint64_t refused_units(const Charge& charge, const Level& level) {
  return level.over && charge.enforce && !charge.attempts ? charge.amount : 0;
}

std::vector<Window> windows_for(const Limit& limit, const std::string& key, const MailboxSpelling& spelling) {
  if (!limit.overrides) return limit.max;
  Found found = limit.overrides->find_word(key);
  if (!found && !found.is_outage()) {
    if (const auto ip = IpAddress::parse(key)) found = limit.overrides->find(*ip);
    else if (key.find('@') != key.npos) found = limit.overrides->find(Address::parse(key, spelling));
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

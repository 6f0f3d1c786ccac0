// SPDX-License-Identifier: BSD-2-Clause
#include "rule/early.h"

#include <algorithm>

#include "rule/needs.h"

namespace mailweir {
namespace {

void add(Policy& policy, const Rule& rule, const FactRef& fact) {
  const Door door = policy.judges(Door::policy, rule.at) ? Door::policy : Door::milter;
  const auto from = known_from(fact.info(), door);
  // A stage that the other door judges is not seen: the lookup starts at the first that is.
  Stage start = from.value_or(rule.at);
  while (start < rule.at && !policy.judges(door, start)) start = all_stages[index(start) + 1];
  policy.early[index(start)].push_back({&rule, &fact});
}

}  // namespace

void find_early_checks(Policy& policy) {
  for (const auto& rules : policy.rules) {
    for (const Rule& rule : rules) {
      for (const auto* conditions : {&rule.when, &rule.unless})
        for (const auto& table : conditions->tables)
          for (const Cell& cell : table)
            if (cell.fact.info().lookups == FactLookups::early) add(policy, rule, cell.fact);
      if (rule.limit)
        for (const FactRef& fact : rule.limit->by)
          if (fact.info().lookups == FactLookups::early) add(policy, rule, fact);
      for (const auto& segment : rule.reply_text.segments())
        if (const auto* fact = std::get_if<FactRef>(&segment.what);
            fact != nullptr && fact->info().lookups == FactLookups::for_reply)
          add(policy, rule, *fact);
    }
  }
  for (const Door door : {Door::milter, Door::policy, Door::http})
    policy.dns_use[static_cast<std::size_t>(door)] = {asks_dns_in(policy, door, DnsBudget::Part::envelope),
                                                      asks_dns_in(policy, door, DnsBudget::Part::message)};
}

bool asks_dns_in(const Policy& policy, Door door, DnsBudget::Part part) {
  for (const Stage stage : all_stages) {
    const auto& early = policy.early[index(stage)];
    const bool of_door = std::any_of(early.begin(), early.end(),
                                     [&](const EarlyCheck& one) { return policy.judges(door, one.rule->at); });
    if (DnsBudget::part_of(stage) == part && of_door) return true;
  }
  if (door != Door::milter || part != DnsBudget::Part::message) return false;
  const auto& results = policy.authentication_results;
  const auto is_dns = [](const FactRef& check) {
    return check.info().needs != FactNeeds::envelope && check.info().lookups != FactLookups::none;
  };
  if (!results.authserv_id.empty() && std::any_of(results.checks.begin(), results.checks.end(), is_dns)) return true;
  const auto& rules = policy.at(Stage::end_of_message);
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return reads_message_dns(rule, policy); });
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "rule/blocking.h"

#include <algorithm>

namespace mailweir {
namespace {

// Of a fact of one's own all keys, not one: with another key known later its value, and so the blocked key, would
// change.
bool known(const Policy& policy, const FactRef& fact, Door door, Stage stage) {
  if (fact.is_own()) {
    const auto& keys = policy.own_facts[fact.own].keys;
    return std::all_of(keys.begin(), keys.end(), [&](const FactRef& key) { return known(policy, key, door, stage); });
  }
  const auto from = known_from(fact.info(), door);
  return from && *from <= stage;
}

bool key_known(const Policy& policy, std::span<const FactRef> by, Door door, Stage stage) {
  return std::all_of(by.begin(), by.end(), [&](const FactRef& fact) { return known(policy, fact, door, stage); });
}

bool all_known(const Policy& policy, const Rule& rule, Door door, Stage stage) {
  if (!key_known(policy, rule.limit->by, door, stage)) return false;
  for (const auto* conditions : {&rule.when, &rule.unless})
    for (const auto& table : conditions->tables)
      for (const Cell& cell : table)
        if (!known(policy, cell.fact, door, stage)) return false;
  return true;
}

}  // namespace

std::optional<BlockingRule> blocking(const Rule& rule) {
  if (rule.block)
    return BlockingRule{rule.block->list, rule.block->by, &rule.block->time, rule.block->prefix4, rule.block->prefix6};
  if (!rule.limit || !rule.limit->block) return {};
  return BlockingRule{rule.limit->counter, rule.limit->by, &*rule.limit->block, rule.limit->prefix4,
                      rule.limit->prefix6};
}

std::optional<Stage> refused_from(const Policy& policy, const BlockAction& action) {
  for (const Stage stage : all_stages) {
    if (stage < Stage::mail) continue;
    const Door door = policy.judges(Door::policy, stage) ? Door::policy : Door::milter;
    if (!(door == Door::policy ? policy.has_policy_door : policy.has_milter)) continue;
    if (key_known(policy, action.by, door, stage)) return stage;
  }
  return {};
}

void find_early_blocks(Policy& policy) {
  for (const auto& rules : policy.rules) {
    for (const Rule& rule : rules) {
      const auto block = blocking(rule);
      if (!block) continue;
      policy.blocking.push_back(&rule);
      if (!block->time->refuse) continue;
      if (rule.block) {
        if (const auto stage = refused_from(policy, *rule.block)) policy.blocks[index(*stage)].push_back(&rule);
        continue;
      }
      const Door door = policy.judges(Door::policy, rule.at) ? Door::policy : Door::milter;
      for (const Stage stage : all_stages) {
        if (stage == rule.at && stage >= Stage::mail) break;
        if (stage < Stage::mail || !policy.judges(door, stage) || !all_known(policy, rule, door, stage)) continue;
        policy.blocks[index(stage)].push_back(&rule);
        break;
      }
    }
  }
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "engine/block.h"

#include <algorithm>
#include <ctime>

#include "base/duration.h"
#include "engine/policy.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::hours longest_block{24 * 366};

// Of a fact of one's own all keys, not one: with another key known later its value, and so the blocked key, would
// change.
bool known(const Policy& policy, const FactRef& fact, Door door, Stage stage) {
  if (fact.id == FactId::own) {
    const auto& keys = policy.own_facts[fact.own].keys;
    return std::all_of(keys.begin(), keys.end(), [&](const FactRef& key) { return known(policy, key, door, stage); });
  }
  const auto from = known_from(info(fact.id), door);
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

Result<BlockTime> parse_block_time(std::string_view text) {
  if (text == "until-midnight") return BlockTime{};
  const auto span = parse_duration(text);
  if (!span) return Error{"must be a time span like \"1d\", or \"until-midnight\""};
  if (*span < std::chrono::seconds(1) || *span > longest_block) return Error{"must be between 1s and 366d"};
  return BlockTime{std::chrono::ceil<std::chrono::seconds>(*span)};
}

milliseconds length_of(const BlockTime& time, WallTime now) {
  if (time.span.count() > 0) return time.span;
  const std::time_t second = std::chrono::system_clock::to_time_t(now);
  std::tm day{};
  ::localtime_r(&second, &day);
  ++day.tm_mday;  // mktime() makes the first of the next month of a 32nd
  day.tm_hour = day.tm_min = day.tm_sec = 0;
  day.tm_isdst = -1;
  const auto midnight = std::chrono::system_clock::from_time_t(std::mktime(&day));
  return std::max(std::chrono::ceil<milliseconds>(midnight - now), milliseconds(1));
}

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

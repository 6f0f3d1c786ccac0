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

bool known(const Policy& policy, const FactRef& fact, Door door, Stage stage) {
  if (fact.id == FactId::own) {
    const auto& keys = policy.own_facts[fact.own].keys;
    return std::all_of(keys.begin(), keys.end(), [&](const FactRef& key) { return known(policy, key, door, stage); });
  }
  const auto from = known_from(info(fact.id), door);
  return from && *from <= stage;
}

bool all_known(const Policy& policy, const Rule& rule, Door door, Stage stage) {
  const auto is_known = [&](const FactRef& fact) { return known(policy, fact, door, stage); };
  if (!std::all_of(rule.limit->by.begin(), rule.limit->by.end(), is_known)) return false;
  for (const auto* conditions : {&rule.when, &rule.unless})
    for (const auto& table : conditions->tables)
      for (const Cell& cell : table)
        if (!is_known(cell.fact)) return false;
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

void find_early_blocks(Policy& policy) {
  for (const auto& rules : policy.rules) {
    for (const Rule& rule : rules) {
      if (!rule.limit || !rule.limit->block) continue;
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

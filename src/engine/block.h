// SPDX-License-Identifier: BSD-2-Clause
// Blocked keys: of a limit that was gone over (`limit = { ..., block = "1d" }`), or of a rule that says so itself (the
// action `block = { by, for }`). Each stands on a block list of the counter store, under the limit's or the rule's
// name.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/condition.h"

namespace mailweir {

struct Policy;
struct Rule;

struct BlockTime {
  std::chrono::seconds span{0};  // 0: until midnight
  bool refuse = true;            // false: only the fact `blocked` tells, and rules that ask it
};

// The action `block` of a rule without a limit.
struct BlockAction {
  std::string list;         // the block list's name: the rule's
  std::vector<FactRef> by;  // whose values are blocked; at least one
  BlockTime time;
  unsigned prefix4 = 32, prefix6 = 64;
};

// What a rule blocks, by its limit or itself.
struct BlockingRule {
  std::string_view list;
  std::span<const FactRef> by;
  const BlockTime* time = nullptr;
  unsigned prefix4 = 32, prefix6 = 64;
};
std::optional<BlockingRule> blocking(const Rule& rule);

// A span from a second to 366 days, or "until-midnight"; errors say what is wrong with it.
Result<BlockTime> parse_block_time(std::string_view text);
// How long a block that begins now lasts; midnight is that of the machine's local time, also on days that are an hour
// shorter or longer. At least a millisecond.
std::chrono::milliseconds length_of(const BlockTime& time, WallTime now);

// Fills policy.blocking, and policy.blocks: where the blocked keys of a rule are refused. Of a limit that is beside its
// own stage the first from MAIL on that its door judges and at which all facts of its key and its conditions are known;
// none if its own stage is not later than that. Of the action it is the first from MAIL on that is judged and at which
// its key is known: its conditions say who is blocked, not who is refused. Call it when the rules are in their final
// place: it keeps pointers to them.
void find_early_blocks(Policy& policy);
// Where the action's blocked keys are refused; nothing: nowhere.
std::optional<Stage> refused_from(const Policy& policy, const BlockAction& action);

}  // namespace mailweir

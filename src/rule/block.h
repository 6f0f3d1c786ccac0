// SPDX-License-Identifier: BSD-2-Clause
// What a policy says of keys that are blocked: of a limit that was gone over (`limit = { ..., block = "1d" }`), or by a
// rule itself (the action `block = { by, for }`). Each stands on a block list of the counter store, under the limit's
// or the rule's name.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fact/ref.h"

namespace mailweir {

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

// A span from a second to 366 days, or "until-midnight"; errors say what is wrong with it.
Result<BlockTime> parse_block_time(std::string_view text);
// How long a block that begins now lasts; midnight is that of the machine's local time, also on days that are an hour
// shorter or longer. At least a millisecond.
std::chrono::milliseconds length_of(const BlockTime& time, WallTime now);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// BlockTime: how long a limit refuses a key that went over it: `block = "1d"`, or "until-midnight".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

struct Policy;

struct BlockTime {
  std::chrono::seconds span{0};  // 0: until midnight
};

// A span from a second to 366 days, or "until-midnight"; errors say what is wrong with it.
Result<BlockTime> parse_block_time(std::string_view text);
// How long a block that begins now lasts; midnight is that of the machine's local time, also on days that are an hour
// shorter or longer. At least a millisecond.
std::chrono::milliseconds length_of(const BlockTime& time, WallTime now);

// Fills policy.blocks: where the blocked keys of a rule are refused beside its own stage. That is the first stage from
// MAIL on that its door judges and at which all facts of its key and its conditions are known; none if its own stage
// is not later than that. Call it when the rules are in their final place: it keeps pointers to them.
void find_early_blocks(Policy& policy);

}  // namespace mailweir

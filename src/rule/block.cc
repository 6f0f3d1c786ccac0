// SPDX-License-Identifier: BSD-2-Clause
#include "rule/block.h"

#include <algorithm>
#include <ctime>

#include "base/duration.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::hours longest_block{24 * 366};

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

}  // namespace mailweir

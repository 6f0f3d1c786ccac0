// SPDX-License-Identifier: BSD-2-Clause
// LineTime: the time at the start of a log line, RFC 3339 with microseconds in local time. The second is formatted once
// and kept. One thread at a time.
#pragma once

#include <string>

#include "base/clock.h"

namespace mailweir {

class LineTime {
 public:
  static constexpr std::size_t longest = 40;
  // "2026-01-31T23:59:59.000123+01:00"; good until the next call.
  const std::string& text(WallTime now);

 private:
  std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
  std::string text_;
  std::size_t fraction_ = 0;  // where the microseconds stand in it
};

}  // namespace mailweir

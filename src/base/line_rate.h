// SPDX-License-Identifier: BSD-2-Clause
// LineRate: one log line a second, with a count, of what may happen thousands of times in it. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace mailweir {

class LineRate {
 public:
  // It has happened. How often since the last line, if one is to be written now; the first is written at once.
  std::optional<std::uint64_t> enter(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    ++count_;
    if (next_ && now < *next_) return std::nullopt;
    next_ = now + std::chrono::seconds(1);
    const std::uint64_t count = count_;
    count_ = 0;
    return count;
  }

 private:
  std::mutex mutex_;
  std::optional<SteadyTime> next_;
  std::uint64_t count_ = 0;
};

}  // namespace mailweir

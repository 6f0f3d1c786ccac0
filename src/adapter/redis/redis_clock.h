// SPDX-License-Identifier: BSD-2-Clause
// RedisClock: what a server's clock shows, by its answers, so that a call can say until when it is wanted: one that
// waits in a server that stood still is then void, and not counted long after we have given it up and counted
// elsewhere. Thread-safe.
//
// An answer says what the clock showed when it was made, so the estimate is behind by the time the fastest answers of
// late took to come: a call is void exactly if its answer could not be here in time. A server's clock that is set
// forward makes calls void that came in time; such an answer sets the estimate right, and the call is made again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace mailweir {

class RedisClock {
 public:
  // An answer that has come now showed this, in milliseconds since the epoch.
  void heard(std::int64_t server, SteadyTime now = std::chrono::steady_clock::now()) {
    const std::int64_t sample = server - milliseconds(now), known = ahead_;
    ahead_ = known == unknown || sample > known ? sample : known - 1;  // sinks slowly: it may have been set back
  }
  void set(std::int64_t server, SteadyTime now = std::chrono::steady_clock::now()) {
    ahead_ = server - milliseconds(now);
  }
  bool is_known() const { return ahead_ != unknown; }
  // What it shows at `at`; 0: not known.
  std::int64_t shows(SteadyTime at) const {
    const std::int64_t ahead = ahead_;
    return ahead == unknown ? 0 : ahead + milliseconds(at);
  }

 private:
  static constexpr std::int64_t unknown = INT64_MIN;
  static std::int64_t milliseconds(SteadyTime time) {
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  }
  std::atomic<std::int64_t> ahead_{unknown};  // of our steady clock
};

}  // namespace mailweir

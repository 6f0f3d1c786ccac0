// SPDX-License-Identifier: BSD-2-Clause
// SteppedClock: a clock that moves when told to, and whose wall time somebody may set while no time passes.
#pragma once

#include "base/clock.h"

namespace mailweir {

class SteppedClock final : public Clock {
 public:
  explicit SteppedClock(WallTime start = WallTime(std::chrono::seconds(1'700'000'000))) : time_(start) {}
  void advance(std::chrono::nanoseconds by) { time_.advance(by); }
  void step(std::chrono::nanoseconds by) { stepped_ += by; }
  SteadyTime steady() const override { return time_.steady(); }
  WallTime wall() const override { return time_.wall() + std::chrono::duration_cast<WallTime::duration>(stepped_); }

 private:
  ManualClock time_;
  std::chrono::nanoseconds stepped_{0};
};

}  // namespace mailweir

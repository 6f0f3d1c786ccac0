// SPDX-License-Identifier: BSD-2-Clause
// Clock: where time comes from. Everything that asks the time is handed one, so that a test can set it.
// Thread-safe. `steady` measures spans and deadlines; `wall` stamps counters and log lines.
#pragma once

#include <atomic>
#include <chrono>

namespace mailweir {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

// The one that everything uses that is handed no other.
inline const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

// A clock that moves only when told to; for tests and what-if runs.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime(std::chrono::seconds(1'700'000'000)))
      : start_(start.time_since_epoch().count()) {}
  void advance(std::chrono::nanoseconds by) { passed_ += by.count(); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::nanoseconds(passed_)); }
  WallTime wall() const override {
    return WallTime(WallTime::duration(start_)) +
           std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds(passed_));
  }

 private:
  WallTime::rep start_;
  std::atomic<std::int64_t> passed_{0};
};

// The moment at which a wait ends. Compared against std::chrono::steady_clock.
class Deadline {
 public:
  Deadline() = default;  // already over
  explicit Deadline(SteadyTime at) : at_(at) {}
  static Deadline in(std::chrono::nanoseconds span) { return Deadline(std::chrono::steady_clock::now() + span); }
  SteadyTime at() const { return at_; }
  // Time left, never negative.
  std::chrono::milliseconds left(SteadyTime now = std::chrono::steady_clock::now()) const {
    return now >= at_ ? std::chrono::milliseconds(0) : std::chrono::ceil<std::chrono::milliseconds>(at_ - now);
  }
  bool over(SteadyTime now = std::chrono::steady_clock::now()) const { return now >= at_; }

 private:
  SteadyTime at_{};
};

}  // namespace mailweir

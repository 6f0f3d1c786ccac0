// SPDX-License-Identifier: BSD-2-Clause
// CircuitBreaker: spares callers the wait for a store that is down. Up: every call passes. After a failure none does,
// until the owner has found it back. Thread-safe; no cost while the store is up but one atomic load.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "adapter/counters/fallback_config.h"
#include "adapter/counters/fallback_stats.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace mailweir {

class CircuitBreaker {
 public:
  struct Pass {
    bool fair = true;  // the caller has time enough for its failure to count
  };
  CircuitBreaker(const FallbackConfig& config, std::string_view meanwhile, const Clock& clock, Log& log,
                 FallbackStats& stats)
      : config_(config), meanwhile_(meanwhile), clock_(clock), log_(log), stats_(stats), fair_time_(config.fair_time) {}

  // FallbackConfig::fair_time, from now on.
  void use_fair_time(std::chrono::milliseconds span) { fair_time_ = span; }

  // Nothing: the store is down, do not ask it. A caller that passes reports a failure.
  std::optional<Pass> enter(Deadline deadline);
  // Whether that opened the circuit.
  bool failed(Pass pass, const Error& error);
  void still_down(const Error& error);
  void back();
  SteadyTime went_down() const;  // the last time
  // Why no call passes.
  Error trouble() const;

 private:
  const FallbackConfig config_;
  const std::string meanwhile_;  // what counts while it is down, for the log
  const Clock& clock_;
  Log& log_;
  FallbackStats& stats_;
  std::atomic<std::chrono::milliseconds> fair_time_;

  mutable std::mutex mutex_;  // guards what follows, and the changes of stats_.up
  SteadyTime went_down_{}, next_word_{};
  std::string last_error_, said_error_;
  std::uint64_t merged_before_ = 0;
};

}  // namespace mailweir

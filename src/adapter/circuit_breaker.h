// SPDX-License-Identifier: BSD-2-Clause
// CircuitBreaker: spares callers the wait for a store that is down. Up: everybody passes. After a failure nobody does
// but one caller in each pause, until one succeeds. Thread-safe; no cost while the store is up but one atomic load.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "adapter/fallback_counters.h"

namespace mailweir {

class CircuitBreaker {
 public:
  struct Pass {
    bool fair = true;  // the caller has time enough for its failure to count
  };
  CircuitBreaker(const FallbackConfig& config, std::string_view meanwhile, const Clock& clock, Log& log,
                 FallbackStats& stats)
      : config_(config), meanwhile_(meanwhile), clock_(clock), log_(log), stats_(stats) {}

  // Nothing: the store is down, do not ask it. Whoever passes reports the outcome.
  std::optional<Pass> enter(Deadline deadline);
  void succeeded();
  void failed(Pass pass, const Error& error);
  // Why nobody passes.
  Error trouble() const;

 private:
  const FallbackConfig config_;
  const std::string meanwhile_;  // what counts while it is down, for the log
  const Clock& clock_;
  Log& log_;
  FallbackStats& stats_;

  mutable std::mutex mutex_;  // guards what follows, and the changes of stats_.up
  SteadyTime went_down_{}, next_try_{};
  std::string last_error_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// LossWatch: reports in the log when the shared store has lost what it had: FLUSHALL, or a start without its data.
// Limits begin to count anew then, and keys are blocked no more. One thread looks; any may ask how often it was found.
// The store must outlive it.
#pragma once

#include <atomic>
#include <cstdint>

#include "adapter/counters/shared_counters.h"
#include "base/log.h"
#include "base/metric.h"

namespace mailweir {

class LossWatch {
 public:
  LossWatch(SharedCounters& store, Log& log) : store_(store), log_(log) {}
  void look();
  std::uint64_t losses() const { return losses_; }
  const SharedCounters& store() const { return store_; }

 private:
  SharedCounters& store_;
  Log& log_;
  std::atomic<std::uint64_t> losses_{0};
};

inline constexpr Metric<LossWatch> loss_metrics[] = {
    {as_counter("mailweir_counters_lost_total", "Times that the Redis server of the counters lost its keys"),
     via<&LossWatch::losses>},
    {"store", [](const LossWatch& of) { return of.losses() > 0 ? Reading(of.store().server()) : Reading(); }},
    {"times", [](const LossWatch& of) { return of.losses() > 0 ? Reading(of.losses()) : Reading(); }},
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// LossWatch: reports in the log when the shared store has lost what it had: FLUSHALL, or a start without its data.
// Limits begin to count anew then, and keys are blocked no more. One thread looks; any may ask how often it was found.
// The store must outlive it.
#pragma once

#include <atomic>
#include <cstdint>

#include "adapter/counters/shared_counters.h"
#include "base/log.h"

namespace mailweir {

class LossWatch {
 public:
  LossWatch(SharedCounters& store, Log& log) : store_(store), log_(log) {}
  void look();
  std::uint64_t losses() const { return losses_; }

 private:
  SharedCounters& store_;
  Log& log_;
  std::atomic<std::uint64_t> losses_{0};
};

}  // namespace mailweir

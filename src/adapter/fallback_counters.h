// SPDX-License-Identifier: BSD-2-Clause
// FallbackCounters: a shared store behind a circuit breaker, and what counts while it is down.
//
// While the store answers, everything goes to it. After a failure it is left alone: for each `pause` one caller asks it
// again, all others are spared the wait. Meanwhile a local store counts for this node (on_outage = "local"), or every
// call fails at once with a temporary Error and the caller decides (continue, defer). The local store begins with nothing
// and is not merged back: with N nodes, an outage lets at most N times a limit through, and the shared store's counts
// stand again when it is back.
//
// A give-back goes to the store that took the charge (Receipt::store). A lease is released in both, because renewals go to
// the store that is in use. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "port/counter_store.h"

namespace mailweir {

struct FallbackConfig {
  std::string name;                       // of the shared store, for the log
  std::chrono::milliseconds pause{1000};  // between two tries while it is down
  // A failure with less time than this is the caller's, who came late: it opens no circuit.
  std::chrono::milliseconds fair_time{50};
};

struct FallbackStats {
  std::atomic<bool> up{true};
  std::atomic<std::uint64_t> outages{0};  // times it went down
  std::atomic<std::uint64_t> spared{0};   // calls that did not ask it because it was down
};

class FallbackCounters : public CounterStore {
 public:
  virtual const FallbackStats& stats() const = 0;
};

// `local` may be null: then calls fail while the store is down. Each change of state is one line in the log. Clock and
// log must outlive it.
std::unique_ptr<FallbackCounters> make_fallback_counters(std::unique_ptr<CounterStore> shared,
                                                         std::unique_ptr<CounterStore> local, const FallbackConfig& config,
                                                         const Clock& clock, Log& log);

}  // namespace mailweir

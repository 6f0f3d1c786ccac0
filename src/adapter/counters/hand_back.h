// SPDX-License-Identifier: BSD-2-Clause
// HandBack: what this node did by itself while the shared store was away, and how it is said there when it is back:
// keys blocked and unblocked and counters forgotten first, then what was counted, each unit at its time, then the
// connections that are open, and what was given back. What fails may have been done: what would then be wrong is not
// done again. Its parts are thread-safe; run() is the watcher's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "adapter/counters/lease_ledger.h"
#include "adapter/counters/local_counts.h"
#include "adapter/counters/shared_counters.h"
#include "adapter/counters/waiting_deeds.h"
#include "base/log.h"

namespace mailweir {

class HandBack {
 public:
  // `node`: unique over all nodes and starts. `now`: the milliseconds of the local store, as its receipts have them.
  HandBack(SharedCounters& shared, std::string node, std::size_t most, std::function<std::int64_t()> now)
      : counts(most), deeds(most), shared_(shared), node_(std::move(node)), now_(std::move(now)) {}

  LocalCounts counts;
  WaitingDeeds deeds;
  LeaseLedger leases;

  std::size_t waiting() const { return counts.counters() + deeds.size(); }
  // Says all; others count on meanwhile, and this ends all the same. `patience`: for each call. `between` is asked
  // between two of them and says whether to go on. A temporary error: the store is away again.
  using GoOn = std::function<bool()>;
  // `was_away`: the store may have forgotten connections that were open before.
  Result<void> run(std::chrono::milliseconds patience, bool was_away, const GoOn& between);
  std::uint64_t added() const { return added_; }  // counters
  // That the daemon ends, and `store` never hears of what waits.
  void tell_left(const std::string& store, Log& log) const;

 private:
  Result<void> say_deeds(std::chrono::milliseconds patience, const GoOn& between);
  Result<void> say_counts(std::chrono::milliseconds patience, const GoOn& between);
  Result<void> say_leases(std::chrono::milliseconds patience, bool was_away, const GoOn& between);
  Result<void> say_refunds(std::chrono::milliseconds patience, const GoOn& between);

  SharedCounters& shared_;
  const std::string node_;
  const std::function<std::int64_t()> now_;
  std::atomic<std::uint64_t> added_{0};
};

// The part of a receipt that may be given back twice without harm, connections and values: all else is not_counted.
Receipt repeatable(std::span<const Charge> charges, Receipt receipt);
// Whether it holds anything to be given back.
bool is_empty(const Receipt& receipt);

}  // namespace mailweir

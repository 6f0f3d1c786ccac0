// SPDX-License-Identifier: BSD-2-Clause
// FallbackCounters: a shared store behind a circuit breaker, and what counts while it is away.
//
// While the store answers, everything goes to it, and the local store follows: each answer tells what the counters
// have, so the local ones are what this node knows of them. After a failure the store is left alone, and no call waits
// for it: a thread of this object's asks it every `pause` whether it counts again. Meanwhile the local store counts on
// for this node (on_outage = "local"), each limit at its full value or at `local_share` of what was left of it; or
// every call fails at once with a temporary Error and the caller decides (continue, defer). What is over a share only
// is so marked (Level::share).
//
// When the store is back, what was done here is said there first (adapter/counters/hand_back.h). With a share the node
// then keeps to it, each charge counted here and there, until 1/local_share nodes have added what they counted, which
// each marks in the store, or until `settle` has passed in which no node was seen adding. Only then is what is left
// there used by all.
//
// Bounds. One node never exceeds a limit, in an outage or at its ends: what is under way, or waits to be added, counts.
// N nodes that lose the store together and whose local_share is 1/N stay within it together, where each knows a
// counter's last count. A node knows the count that the store told it last: of what others counted since, it takes its
// share again. Of a key that a node never asked about it knows nothing, and takes its share of the whole, at least one
// unit: then, and where only some nodes lose the store, less than twice the maximum, or N units where that is more.
// With local_share 1: N times what was left. A charge whose answer never came may have been counted there, and is
// counted here, within the share: never too little, and never more let through.
//
// Open connections: a node may have those that it had when it last heard of the counter, and its share of what was left
// then; of connections of other nodes it knows for one lease_time. Those closed while the store is away are released
// there when it is back, before they expire.
//
// Different values (distinct) are not shared out: while it is away this node keeps to the whole maximum, against the
// values that it has seen itself, before and meanwhile; when the store is back they are added there with their times,
// and so it may have more than the maximum for a while (the newest max + 1 are kept). What first-seen counters remember
// is added likewise.
//
// A give-back goes to the store that took the charge (Receipt::store), or to where its units are by now; while the
// store is away it waits. A lease is released in both, because renewals go to both. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "adapter/counters/fallback_config.h"
#include "adapter/counters/fallback_stats.h"
#include "adapter/counters/memory_counters.h"
#include "adapter/counters/shared_counters.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "port/counter_store.h"

namespace mailweir {

class FallbackCounters : public CounterStore {
 public:
  virtual const FallbackStats& stats() const = 0;
  virtual const SharedCounters& shared() const = 0;
  virtual SharedCounters& shared() = 0;
  virtual std::size_t waiting() const = 0;  // counters, and what else waits to be said there
  virtual std::uint64_t lost() const = 0;   // units counted locally that there was no room to remember
  // The time that callers have, from now on: half of it is fair_time, all of it patience.
  virtual void use_deadline(std::chrono::milliseconds deadline) = 0;
  // Asks the store whether it is there, so that an outage at the start is known before the first mail.
  virtual void first_look() = 0;
  // One round of what the thread does: asks a store that is away, adds what waits. Whether nothing is left to do.
  virtual bool look_after() = 0;
  // At the end of the daemon: a last try to say there what waits, and a line of what is lost. Ends the thread.
  virtual void finish() = 0;
};

inline const SharedCounters& shared_store(const FallbackCounters& counters) { return counters.shared(); }
inline constexpr Metric<FallbackCounters> fallback_metrics[] = {
    {"url", via<&shared_store, &SharedCounters::server>},
    {"asks", via<&shared_store, &SharedCounters::where>},
    {"up", as_gauge("mailweir_counter_store_up", "Whether the shared counter store answers"),
     via<&FallbackCounters::stats, &FallbackStats::up>},
    {as_counter("mailweir_counter_store_spared_total", "Calls that did not wait for it because it was down"),
     via<&FallbackCounters::stats, &FallbackStats::spared>},
    {"waiting_to_be_added",
     as_gauge("mailweir_counter_store_waiting", "Counters that were counted locally and wait to be added to it"),
     via<&FallbackCounters::waiting>},
    {as_counter("mailweir_counter_store_added_total", "Counters added to it after it came back"),
     via<&FallbackCounters::stats, &FallbackStats::merged>},
    {as_counter("mailweir_counter_store_lost_total", "Units counted locally and not remembered for lack of room"),
     via<&FallbackCounters::lost>},
    {"connects", as_counter("mailweir_counter_store_connects_total", "Connections made to it"),
     via<&shared_store, &SharedCounters::connects>},
    {"outages", as_counter("mailweir_counter_store_outages_total", "Outages of it"),
     via<&FallbackCounters::stats, &FallbackStats::outages>},
    {"keeps_to_its_share",
     [](const FallbackCounters& counters) { return counters.stats().settling ? Reading(true) : Reading(); }},
};

// `local` may be null: then calls fail while the store is away. Each change of state is one line in the log. Clock and
// log must outlive it.
std::unique_ptr<FallbackCounters> make_fallback_counters(std::unique_ptr<SharedCounters> shared,
                                                         std::unique_ptr<MemoryCounters> local,
                                                         const FallbackConfig& config, const Clock& clock, Log& log);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// MemoryCounters: the counter store of one node, in its own memory, kept over a restart in a file.
//
// Thread-safe: 64 shards, each behind a lock; a charge takes the locks of all its counters in ascending order, so it is
// all or none for everybody who looks. All windows of one (limit, key) stand in one shard. Deadlines are not used:
// nothing here waits for anybody but a shard's lock.
//
// Memory: about 150 bytes a counter whose limit and key have 35 bytes together and whose cells count below 256 (a
// million of them were measured). At most `max_counters` of both together; one that still counts is never dropped to
// make room, because a thief could then flood the table with keys of his own to clear the one that stops him. Strangers
// have a half of it, and each limit a share of the last eighth of what is left (adapter/counters/counter_room.h). When
// there is no room and nothing has expired, a charge that needs a new counter goes uncounted if it is dispensable, and
// else the call fails with a temporary error. Expired ones are removed little by little as new ones are made.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metric.h"
#include "port/counter_store.h"

namespace mailweir {

struct MemoryCountersConfig {
  std::size_t max_counters = 1'000'000;
};

struct MemoryCounterStats {
  std::atomic<std::uint64_t> counters{0};   // now, leases and expired ones that were not removed yet included
  std::atomic<std::uint64_t> charges{0};    // calls
  std::atomic<std::uint64_t> refused{0};    // calls that were over
  std::atomic<std::uint64_t> full{0};       // calls that failed because the memory is full
  std::atomic<std::uint64_t> strangers{0};  // of `counters`, those made for strangers
  // Charges, and blocks, that there was no room for, whether the call failed or not.
  std::atomic<std::uint64_t> no_room_for_ours{0}, no_room_for_strangers{0};
};

inline constexpr Metric<MemoryCounterStats> memory_counter_metrics[] = {
    {"live", as_gauge("mailweir_counters", "Counters in memory"), via<&MemoryCounterStats::counters>},
    {"of_strangers", as_gauge("mailweir_counters_of_strangers", "Counters in memory that incoming mail created"),
     via<&MemoryCounterStats::strangers>},
    {"no_room",
     as_counter("mailweir_counters_no_room_total", "Counters and blocks for which there was no room", "of", "ours"),
     via<&MemoryCounterStats::no_room_for_ours>},
    {"no_room_for_strangers",
     as_counter("mailweir_counters_no_room_total", "Counters and blocks for which there was no room", "of",
                "strangers"),
     via<&MemoryCounterStats::no_room_for_strangers>},
};

struct RestoredCounters {
  std::size_t restored = 0, expired = 0, no_room = 0;
};

class MemoryCounters : public CounterStore {
 public:
  // Writes all ring counters and blocks; leases are not saved (who held them is gone after a restart). The file is
  // replaced whole or not at all. Charges go on meanwhile; one that runs during the save may be saved in part.
  virtual Result<void> save(const std::string& path) = 0;
  // Reads what save() wrote, into a store that is not in use yet. No such file: nothing restored. A file that is
  // damaged or not ours is an error that names it, and the store is left empty. Counters beyond max_counters are left
  // out.
  virtual Result<RestoredCounters> restore(const std::string& path) = 0;
  // Makes these counters those of another store, as it answered this charge: they are what goes on when it is away.
  // Does nothing when the memory is full, or the other did not tell its totals.
  virtual void follow(std::span<const Charge> charges, const Charged& other) = 0;
  virtual const MemoryCounterStats& stats() const = 0;
  // The time by which it counts and that receipts' slots have, in milliseconds. It starts at the clock's wall time and
  // goes on by its steady time, so that a clock that is set makes no window and no block longer or shorter; over a
  // restart it goes on from the time saved, by what the wall clock says has passed, and never backwards.
  virtual std::int64_t now() const = 0;
};

// The clock must outlive it.
std::unique_ptr<MemoryCounters> make_memory_counters(const MemoryCountersConfig& config, const Clock& clock);

}  // namespace mailweir

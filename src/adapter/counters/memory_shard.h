// SPDX-License-Identifier: BSD-2-Clause
// Shard: a part of the memory store behind one lock. ShardLocks: the locks of all the shards of one call.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <span>

#include "adapter/counters/counter_table.h"
#include "adapter/counters/lease_table.h"
#include "adapter/counters/value_table.h"

namespace mailweir {

inline constexpr std::size_t shard_count = 64;
using ShardSet = std::uint64_t;  // a bit for each shard

struct alignas(64) Shard {
  std::mutex mutex;
  CounterTable rings;
  LeaseTable leases;
  ValueTable values;
  std::size_t size() const { return rings.size() + leases.size() + values.size(); }
  void tell(CounterRoom& room) {
    rings.tell(room);
    leases.tell(room);
    values.tell(room);
  }
};

// Locks the shards of a set, lowest first, so that two calls never wait for each other; keeps the count of all counters
// true however many are made or dropped meanwhile.
class ShardLocks {
 public:
  ShardLocks(std::span<Shard, shard_count> shards, ShardSet set, std::atomic<std::uint64_t>& counters)
      : shards_(shards), set_(set), counters_(counters) {
    each([this](Shard& shard) {
      shard.mutex.lock();
      before_ += shard.size();
    });
  }
  ShardLocks(const ShardLocks&) = delete;
  ShardLocks& operator=(const ShardLocks&) = delete;
  ~ShardLocks() {
    std::uint64_t after = 0;
    each([&after](Shard& shard) { after += shard.size(); });
    const std::uint64_t change = after - before_ - reserved_;  // wraps below zero, and so does the sum
    if (change != 0) counters_ += change;
    each([](Shard& shard) { shard.mutex.unlock(); });
  }
  std::uint64_t counters() const { return counters_; }
  // Makes sure of room for `fresh` counters that are made under these locks.
  bool reserve(std::size_t fresh, std::size_t most) {
    if (fresh == 0) return true;
    if (counters_.fetch_add(fresh) + fresh > most) {
      counters_ -= fresh;
      return false;
    }
    reserved_ += fresh;
    return true;
  }

 private:
  template <typename Use>
  void each(Use use) {
    for (ShardSet left = set_; left != 0; left &= left - 1)
      use(shards_[static_cast<std::size_t>(std::countr_zero(left))]);
  }

  std::span<Shard, shard_count> shards_;
  ShardSet set_;
  std::atomic<std::uint64_t>& counters_;
  std::uint64_t before_ = 0, reserved_ = 0;
};

}  // namespace mailweir

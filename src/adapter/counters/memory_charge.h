// SPDX-License-Identifier: BSD-2-Clause
// MemoryCharge: one charge call on the shards of the memory store: look at every window, decide, count all or none.
// The shards of set() must be locked from look() to the end.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <vector>

#include "adapter/counters/block_list.h"
#include "adapter/counters/memory_shard.h"
#include "base/keyed_hash.h"
#include "base/result.h"
#include "port/window_state.h"

namespace mailweir {

class MemoryCharge {
 public:
  MemoryCharge(std::span<const Charge> charges, std::span<Shard, shard_count> shards, BlockList& blocks,
               const KeyedHash& hash);
  MemoryCharge(const MemoryCharge&) = delete;

  ShardSet set() const { return set_; }
  // Looks at all windows at `now` (milliseconds since the epoch).
  void look(std::int64_t now);
  // After look(): takes room for the counters that have to be made. Where there is none a charge that is dispensable
  // goes uncounted, unless `all` must have it; the limit of another is the error.
  Result<void> admit(ShardLocks& locks, CounterRoom& room, bool all);
  // The same for what follow() makes: what there is no room for is left out.
  void admit_followed(ShardLocks& locks, CounterRoom& room);
  // How many of the charges have no room, those of strangers apart.
  struct LeftOut {
    std::uint64_t ours = 0, strangers = 0;
  };
  LeftOut left_out() const { return left_out_; }
  // Counts what is to be counted, at the time of look().
  Charged count();
  void give_back(const Receipt& receipt);
  // Another store's totals of the ring counters, and its leases that were taken, become these counters' own; at the
  // time of look().
  void follow(const Charged& other);
  // Puts a saved value among the first window's.
  void restore_value(std::int64_t at, CounterRoom::Owner owner) {
    items_[0].name.owner = owner;
    shards_[items_[0].shard].values.restore(items_[0].values(), items_[0].charge->member, at);
  }
  // Puts a saved counter in the place of the first window's.
  void restore(const CounterRecord& record, CounterRoom::Owner owner) {
    shards_[items_[0].shard].rings.restore(record, items_[0].name.hash, owner);
  }

 private:
  // One window of one charge.
  struct Item {
    const Charge* charge;
    const Window* window;
    CounterName name;
    std::size_t shard;
    WindowState state{};
    bool exists = false;    // the counter stands in the table; a lease: this member does
    bool pending = false;   // will be counted if no charge is refused
    bool repeats = false;   // a lease or a value that an earlier charge of this call takes as well
    bool known = false;     // first_seen: the member is remembered
    bool left_out = false;  // there is no room for its charge
    bool is_ring() const { return mailweir::is_ring(charge->kind); }
    bool is_first() const { return charge->kind == CountKind::first_seen; }
    bool is_first_window() const { return window == &charge->windows.front(); }
    ValueSetName values() const { return {name.limit, name.key, is_first() ? 0 : name.period, name.owner}; }
    bool is_block() const { return charge->kind == CountKind::block; }
  };

  void look_at(std::size_t item);
  void look_at_distinct(std::size_t item);
  void look_at_first(std::size_t item);
  std::uint64_t pending_before(std::size_t item);
  std::int64_t wait_of(const Item& item) const;
  bool counts(const Charge& charge) const { return units_of(charge) > 0 && (!refused_ || charge.attempts); }
  // Whether there was room for what a charge makes; its items know then whose they are, or that they are left out.
  bool take_room(std::span<Item> items, std::uint64_t fresh, ShardLocks& locks, CounterRoom& room);
  template <typename Fresh, typename Refused>
  void each_fresh(ShardLocks& locks, CounterRoom& room, Fresh fresh, Refused refused);
  std::int64_t count_in(const Item& item);
  std::int64_t count_ring(const Item& item);

  std::span<const Charge> charges_;
  std::span<Shard, shard_count> shards_;
  BlockList& blocks_;
  // A handful of windows stands on the caller's stack: a charge of known counters allocates only its result.
  std::array<std::byte, 1536> room_;
  std::pmr::monotonic_buffer_resource arena_{room_.data(), room_.size()};
  std::pmr::vector<Item> items_{&arena_};
  ShardSet set_ = 0;
  std::int64_t now_ = 0;
  bool refused_ = false;
  LeftOut left_out_;
};

}  // namespace mailweir

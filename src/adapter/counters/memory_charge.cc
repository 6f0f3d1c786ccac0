// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/memory_charge.h"

#include <algorithm>
#include <span>

namespace mailweir {
namespace {

constexpr std::size_t swept_for_a_new_counter = 4;  // places of the table

std::uint32_t hash_of(std::uint64_t hash, std::uint32_t period) {
  return static_cast<std::uint32_t>(((hash & 0xffff'ffff) + period) * 0x9e37'79b9'7f4a'7c15 >> 24);
}

}  // namespace

MemoryCharge::MemoryCharge(std::span<const Charge> charges, std::span<Shard, shard_count> shards, BlockList& blocks,
                           const KeyedHash& hash)
    : charges_(charges), shards_(shards), blocks_(blocks) {
  std::size_t windows = 0;
  for (const Charge& charge : charges) windows += charge.windows.size();
  items_.reserve(windows);
  for (const Charge& charge : charges) {
    const std::uint64_t both = hash(charge.limit, charge.key);
    const std::size_t shard = both / (~std::uint64_t{0} / shard_count + 1);
    for (const Window& window : charge.windows) {
      const auto period = static_cast<std::uint32_t>(window.period.count());
      items_.push_back({&charge, &window, {charge.limit, charge.key, period, hash_of(both, period), 0}, shard});
      set_ |= ShardSet{1} << shard;
    }
  }
}

void MemoryCharge::look(std::int64_t now) {
  now_ = now;
  refused_ = false;
  std::size_t at = 0;
  for (const Charge& charge : charges_) {
    bool over = false;
    const std::size_t first = at;
    for (; at < first + charge.windows.size(); ++at) {
      look_at(at);
      over = over || is_over(charge, *items_[at].window, items_[at].state);
    }
    const bool pending = units_of(charge) > 0 && (!over || !charge.enforce || charge.attempts);
    for (std::size_t i = first; i < at; ++i) items_[i].pending = pending;
    refused_ = refused_ || (over && charge.enforce);
  }
}

bool MemoryCharge::take_room(std::span<Item> items, std::uint64_t fresh, ShardLocks& locks, CounterRoom& room) {
  const Charge& charge = *items.front().charge;
  const CounterRoom::Owner owner = room.owner(charge.limit, charge.stranger);
  const bool admitted = room.admits(owner, fresh, locks.counters()) && locks.reserve(fresh, room.most());
  for (Item& item : items) {
    item.name.owner = owner;
    item.left_out = !admitted;
  }
  if (!admitted) ++(charge.stranger ? left_out_.strangers : left_out_.ours);
  return admitted;
}

// Takes room for each charge that makes as many counters as `fresh` says of its items; `refused` of one that there is
// no room for says whether to go on.
template <typename Fresh, typename Refused>
void MemoryCharge::each_fresh(ShardLocks& locks, CounterRoom& room, Fresh fresh, Refused refused) {
  std::size_t at = 0;
  left_out_ = {};
  for (const Charge& charge : charges_) {
    const std::span<Item> items(items_.data() + at, charge.windows.size());
    at += items.size();
    std::uint64_t count = 0;
    for (Item& item : items) {
      item.left_out = false;
      count += fresh(item);
    }
    if (count > 0 && !take_room(items, count, locks, room) && !refused(charge)) return;
  }
}

Result<void> MemoryCharge::admit(ShardLocks& locks, CounterRoom& room, bool all) {
  Result<void> admitted;
  const auto fresh = [this](const Item& item) -> std::uint64_t {
    if (!counts(*item.charge)) return 0;
    return (item.exists ? 0 : 1) + (item.is_first() && !item.known ? 1 : 0);
  };
  each_fresh(locks, room, fresh, [&](const Charge& charge) {
    if (all || !charge.dispensable) admitted = Error{charge.limit, true};
    return static_cast<bool>(admitted);
  });
  return admitted;
}

void MemoryCharge::admit_followed(ShardLocks& locks, CounterRoom& room) {
  each_fresh(
      locks, room, [](const Item& item) -> std::uint64_t { return item.exists ? 0 : 1; },
      [](const Charge&) { return true; });
}

void MemoryCharge::look_at(std::size_t at) {
  Item& item = items_[at];
  Shard& shard = shards_[item.shard];
  item.repeats = false;
  if (item.is_block()) {
    item.exists = true;  // nothing is to be made
    item.state.wait = blocks_.left(item.name.limit, item.name.key, now_);
    item.state.used = item.state.wait > 0 ? 1 : 0;
    return;
  }
  if (item.charge->kind == CountKind::distinct) return look_at_distinct(at);
  if (item.is_first()) return look_at_first(at);
  if (item.is_ring()) {
    const auto found = shard.rings.look(item.name, now_);
    item.exists = found.exists;
    item.state.used = found.used;
  } else {
    const auto found = shard.leases.look(item.name.limit, item.name.key, item.charge->member, now_);
    item.exists = found.held;
    item.state.used = found.others;
  }
  if (at > 0) item.state.used += pending_before(at);
  item.state.wait = is_over(*item.charge, *item.window, item.state) ? wait_of(item) - now_ : 0;
}

void MemoryCharge::look_at_distinct(std::size_t at) {
  Item& item = items_[at];
  const auto found = shards_[item.shard].values.look(item.values(), item.charge->member, now_);
  item.exists = found.held;
  item.state.used = found.live + pending_before(at);
  const bool held = found.held || item.repeats;
  const std::uint64_t with_it = item.state.used + (held ? 0 : 1), max = item.window->max;
  const bool fits = with_it <= max || (held && item.charge->enforce && !item.charge->attempts && max > 0);
  item.state.wait = fits ? 0 : shards_[item.shard].values.left_at(item.values(), with_it - max, now_) - now_;
}

void MemoryCharge::look_at_first(std::size_t at) {
  Item& item = items_[at];
  const auto found = shards_[item.shard].rings.look(item.name, now_);
  item.exists = found.exists;
  item.known = shards_[item.shard].values.look(item.values(), item.charge->member, now_).held;
  item.state.used = found.used + pending_before(at);
  const bool over = !item.known && !item.repeats && item.state.used + 1 > item.window->max;
  item.state.wait = over ? wait_of(item) - now_ : 0;
}

// What earlier charges of this call would add to the same counter.
std::uint64_t MemoryCharge::pending_before(std::size_t at) {
  Item& item = items_[at];
  std::uint64_t units = 0;
  for (std::size_t i = 0; i < at; ++i) {
    const Item& earlier = items_[i];
    if (!earlier.pending || earlier.name.hash != item.name.hash || earlier.name.period != item.name.period ||
        (earlier.charge->kind != item.charge->kind && !(earlier.is_ring() && item.is_ring())) ||
        earlier.name.key != item.name.key || earlier.name.limit != item.name.limit)
      continue;
    const bool same_first = item.is_first() && earlier.is_first() && earlier.charge->member == item.charge->member;
    item.repeats = item.repeats || same_first;
    if (item.is_ring())
      units += earlier.known || (earlier.is_first() && earlier.repeats) ? 0 : units_of(*earlier.charge);
    else {
      const bool same = earlier.charge->member == item.charge->member;
      item.repeats = item.repeats || same;
      // A distinct counter says how many there are with this one, a lease counter how many others.
      if ((!same || item.charge->kind == CountKind::distinct) && !earlier.exists && !earlier.repeats) ++units;
    }
  }
  return units;
}

std::int64_t MemoryCharge::wait_of(const Item& item) const {
  const std::uint64_t adds = item.is_first() ? 1 : units_of(*item.charge),
                      units = item.state.used + adds - item.window->max;  // that must leave
  const Shard& shard = shards_[item.shard];
  if (!item.is_ring()) return shard.leases.left_at(item.name.limit, item.name.key, units, now_);
  const std::int64_t period = std::int64_t{item.name.period} * 1000;
  return item.exists ? shard.rings.left_at(item.name, units, now_) : ring::gone_at(ring::slot_at(now_, period), period);
}

Charged MemoryCharge::count() {
  Charged charged;
  charged.taken = !refused_;
  charged.levels.reserve(charges_.size());
  charged.receipt.slots.reserve(items_.size());
  charged.totals.reserve(items_.size());
  std::array<std::byte, 512> room;
  std::pmr::monotonic_buffer_resource arena(room.data(), room.size());
  std::pmr::vector<WindowState> states(&arena);
  const Item* item = items_.data();
  for (const Charge& charge : charges_) {
    states.clear();
    const bool left_out = !charge.windows.empty() && item->left_out, counted = counts(charge) && !left_out;
    for (std::size_t i = 0; i < charge.windows.size(); ++i, ++item) {
      states.push_back(item->state);
      charged.receipt.slots.push_back(counted ? count_in(*item) : not_counted);
      note_added(charge, *item->window, charged.receipt.slots.back(), states.back());
      charged.totals.push_back(total_of(charge, states.back(), counted));
    }
    charged.levels.push_back(level_of(charge, states, counted));
    charged.levels.back().no_room = left_out;
  }
  return charged;
}

// The slot it was counted in.
std::int64_t MemoryCharge::count_in(const Item& item) {
  Shard& shard = shards_[item.shard];
  if (item.charge->kind == CountKind::distinct) {
    const bool added = shard.values.see(item.values(), item.charge->member, now_, item.window->max + 1);
    if (added) shard.values.sweep(now_, false);
    return added ? now_ : 0;
  }
  if (item.is_first()) {
    if (item.is_first_window() && shard.values.see(item.values(), item.charge->member, now_, most_remembered))
      shard.values.sweep(now_, false);
    return item.known || item.repeats ? not_counted : count_ring(item);
  }
  if (!item.is_ring()) {
    shard.leases.take(item.name.limit, item.name.key, item.charge->member, now_, item.name.owner);
    if (!item.exists) shard.leases.sweep(now_, false);
    return 0;
  }
  return count_ring(item);
}

std::int64_t MemoryCharge::count_ring(const Item& item) {
  Shard& shard = shards_[item.shard];
  const auto added = shard.rings.add(item.name, units_of(*item.charge), now_);
  if (added.created) shard.rings.sweep(swept_for_a_new_counter, now_);
  return added.slot;
}

void MemoryCharge::follow(const Charged& other) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    Shard& shard = shards_[item.shard];
    if (item.is_block()) {
      const auto level = other.levels[static_cast<std::size_t>(item.charge - charges_.data())];
      const std::int64_t left = level.over ? std::max<std::int64_t>(level.retry_after.count(), 1) : 0;
      blocks_.follow(item.name.limit, item.name.key, left, now_, item.charge->stranger);
    } else if (item.left_out && !item.exists) {
      continue;
    } else if (item.charge->kind == CountKind::distinct) {
      if (other.receipt.slots[i] != not_counted)
        shard.values.see(item.values(), item.charge->member, now_, item.window->max + 1);
    } else if (!item.is_ring()) {
      if (other.receipt.slots[i] != not_counted)
        shard.leases.take(item.name.limit, item.name.key, item.charge->member, now_, item.name.owner);
    } else if (item.exists || other.totals[i] > 0 || item.is_first()) {
      const bool learnt = item.is_first() && item.is_first_window() && units_of(*item.charge) > 0 &&
                          (other.taken || item.charge->attempts);
      if (learnt) shard.values.see(item.values(), item.charge->member, now_, most_remembered);
      if (shard.rings.set_total(item.name, other.totals[i], now_).created)
        shard.rings.sweep(swept_for_a_new_counter, now_);
    }
  }
}

void MemoryCharge::give_back(const Receipt& receipt) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (receipt.slots[i] == not_counted) continue;
    Shard& shard = shards_[item.shard];
    if (item.is_first() && units_of(*item.charge) > 0) shard.values.forget(item.values(), item.charge->member);
    if (item.charge->kind == CountKind::distinct) {
      if (units_of(*item.charge) > 0 && receipt.slots[i] > 0)
        shard.values.take_back(item.values(), item.charge->member, receipt.slots[i]);
    } else if (item.is_ring()) shard.rings.take_back(item.name, receipt.slots[i], units_of(*item.charge));
    else shard.leases.release(item.name.limit, item.name.key, item.charge->member);
  }
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/memory_charge.h"

#include <algorithm>

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
      items_.push_back({&charge, &window, {charge.limit, charge.key, period, hash_of(both, period)}, shard});
      set_ |= ShardSet{1} << shard;
    }
  }
}

std::size_t MemoryCharge::look(std::int64_t now) {
  now_ = now;
  refused_ = false;
  std::size_t at = 0;
  for (const Charge& charge : charges_) {
    bool over = false;
    const std::size_t first = at;
    for (; at < first + charge.windows.size(); ++at) {
      look_at(at);
      over = over || is_over(charge, *items_[at].window, items_[at].state.used);
    }
    const bool pending = units_of(charge) > 0 && (!over || !charge.enforce || charge.attempts);
    for (std::size_t i = first; i < at; ++i) items_[i].pending = pending;
    refused_ = refused_ || (over && charge.enforce);
  }
  std::size_t fresh = 0;
  for (const Item& item : items_) fresh += counts(*item.charge) && !item.exists ? 1 : 0;
  return fresh;
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
  item.state.wait = is_over(*item.charge, *item.window, item.state.used) ? wait_of(item) - now_ : 0;
}

// What earlier charges of this call would add to the same counter.
std::uint64_t MemoryCharge::pending_before(std::size_t at) {
  Item& item = items_[at];
  std::uint64_t units = 0;
  for (std::size_t i = 0; i < at; ++i) {
    const Item& earlier = items_[i];
    if (!earlier.pending || earlier.name.hash != item.name.hash || earlier.name.period != item.name.period ||
        earlier.charge->kind != item.charge->kind || earlier.name.key != item.name.key ||
        earlier.name.limit != item.name.limit)
      continue;
    if (item.is_ring()) units += units_of(*earlier.charge);
    else if (earlier.charge->member == item.charge->member) item.repeats = true;
    else if (!earlier.exists && !earlier.repeats) ++units;
  }
  return units;
}

std::int64_t MemoryCharge::wait_of(const Item& item) const {
  const std::uint64_t units = item.state.used + units_of(*item.charge) - item.window->max;  // that must leave
  const Shard& shard = shards_[item.shard];
  if (!item.is_ring()) return shard.leases.left_at(item.name.limit, item.name.key, units, now_);
  const std::int64_t period = std::int64_t{item.name.period} * 1000;
  return item.exists ? shard.rings.left_at(item.name, units, now_) : ring::gone_at(ring::slot_at(now_, period), period);
}

std::size_t MemoryCharge::unknown() const {
  std::size_t unknown = 0;
  for (const Item& item : items_) unknown += item.exists ? 0 : 1;
  return unknown;
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
    for (std::size_t i = 0; i < charge.windows.size(); ++i, ++item) {
      states.push_back(item->state);
      charged.totals.push_back(total_of(charge, item->state, counts(charge)));
      charged.receipt.slots.push_back(counts(charge) ? count_in(*item) : not_counted);
    }
    charged.levels.push_back(level_of(charge, states, counts(charge)));
  }
  return charged;
}

// The slot it was counted in.
std::int64_t MemoryCharge::count_in(const Item& item) {
  Shard& shard = shards_[item.shard];
  if (!item.is_ring()) {
    shard.leases.take(item.name.limit, item.name.key, item.charge->member, now_);
    if (!item.exists) shard.leases.sweep(now_, false);
    return 0;
  }
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
      blocks_.follow(item.name.limit, item.name.key, level.over ? std::max<std::int64_t>(level.retry_after.count(), 1) : 0, now_);
    } else if (!item.is_ring()) {
      if (other.receipt.slots[i] != not_counted) shard.leases.take(item.name.limit, item.name.key, item.charge->member, now_);
    } else if (item.exists || other.totals[i] > 0) {
      if (shard.rings.set_total(item.name, other.totals[i], now_).created) shard.rings.sweep(swept_for_a_new_counter, now_);
    }
  }
}

void MemoryCharge::give_back(const Receipt& receipt) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (receipt.slots[i] == not_counted) continue;
    Shard& shard = shards_[item.shard];
    if (item.is_ring()) shard.rings.take_back(item.name, receipt.slots[i], units_of(*item.charge));
    else shard.leases.release(item.name.limit, item.name.key, item.charge->member);
  }
}

}  // namespace mailweir

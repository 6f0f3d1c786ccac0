// SPDX-License-Identifier: BSD-2-Clause
// CounterTable: the ring counters of one shard of the memory store. An open-addressing table whose places hold the
// hash, a coarse expiry and one block of memory: head, total, the 31 cells (each as wide as the largest count needs: 1,
// 2, 4 or 8 bytes), whose it is, and the counter's name. Not thread-safe: the shard's lock is held.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "adapter/counters/counter_room.h"
#include "port/ring.h"

namespace mailweir {

struct CounterName {
  std::string_view limit, key;
  std::uint32_t period = 0;      // seconds
  std::uint32_t hash = 0;        // of all three
  CounterRoom::Owner owner = 0;  // asked for where a counter is made
};

// A counter laid open; the views are good while the table's lock is held.
struct CounterRecord {
  std::string_view limit, key;
  std::uint32_t period = 0;
  bool stranger = false;
  std::int64_t head = 0;
  std::array<std::uint64_t, ring::cells> ages{};  // ages[n]: counted in the slot head - n
};

class CounterTable {
 public:
  CounterTable() = default;
  ~CounterTable();
  CounterTable(const CounterTable&) = delete;
  CounterTable& operator=(const CounterTable&) = delete;
  // What is made and removed from now on is told there.
  void tell(CounterRoom& room) { room_ = &room; }

  struct Found {
    bool exists = false;
    std::uint64_t used = 0;
  };
  // What is counted at `now`. A ring whose head is astray begins anew (port/ring.h).
  Found look(const CounterName& name, std::int64_t now);
  // When `units` of it will have left; the counter exists.
  std::int64_t left_at(const CounterName& name, std::uint64_t units, std::int64_t now) const;

  struct Added {
    bool created = false;
    std::int64_t slot = 0;
  };
  Added add(const CounterName& name, std::uint64_t units, std::int64_t now);
  // Makes it count `total` at `now`: what is missing is counted now, what is too much are the oldest units.
  Added set_total(const CounterName& name, std::uint64_t total, std::int64_t now);
  void take_back(const CounterName& name, std::int64_t slot, std::uint64_t units);

  // Looks at `places` places of the table, going on where the last call stopped, and removes counters that count
  // nothing any more. Returns how many.
  std::size_t sweep(std::size_t places, std::int64_t now);
  std::size_t places() const { return places_.size(); }
  std::size_t size() const { return size_; }

  // Removes all counters of the key, of whatever period; how many.
  std::size_t erase(std::string_view limit, std::string_view key);
  void for_each(const std::function<void(const CounterRecord&)>& use) const;
  // A saved counter, as it was; one that exists already is replaced. Returns whether it is new.
  bool restore(const CounterRecord& record, std::uint32_t hash, CounterRoom::Owner owner);
  void clear();

 private:
  struct Block;
  class Cells;
  struct Place {
    Block* block = nullptr;
    std::uint32_t hash = 0;
    std::uint32_t expires = 0;  // seconds since the epoch, rounded up
  };
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  static Block* make_block(const CounterName& name, unsigned width);
  static void widen(Place& place, std::uint64_t count);
  static void set_expiry(Place& place);
  static void settle(Place& place, std::int64_t slot);

  std::size_t find(const CounterName& name) const;
  std::size_t create(const CounterName& name);
  void grow();
  void remove(std::size_t at);

  std::vector<Place> places_;  // a power of two of them, or none yet
  std::size_t size_ = 0, hand_ = 0;
  std::uint32_t longest_ = 1;  // the longest period seen, seconds
  CounterRoom* room_ = nullptr;
};

}  // namespace mailweir

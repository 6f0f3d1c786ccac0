// SPDX-License-Identifier: BSD-2-Clause
// BlockList: the blocked keys of the memory store. Thread-safe, bounded. Times are milliseconds since the epoch. A
// block never has longer to live than it was given: where the clock went back the first look cuts it to that.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapter/counters/counter_room.h"
#include "base/guarded.h"
#include "port/counter_store.h"

namespace mailweir {

class BlockList {
 public:
  explicit BlockList(std::size_t most) : most_(most), room_(most) {}

  // How many milliseconds it is blocked still; 0: it is not.
  std::int64_t left(std::string_view limit, std::string_view key, std::int64_t now);
  enum class Put : std::uint8_t { made, was_there, full };
  Put put(const Block& block, bool replace, std::int64_t now);
  // Makes it blocked for `left` milliseconds, or not at all, as another store says; why is kept if it is known.
  void follow(std::string_view limit, std::string_view key, std::int64_t left, std::int64_t now, bool stranger);
  // Whether it was blocked.
  bool erase(std::string_view limit, std::string_view key, std::int64_t now);
  // All that are blocked, by limit and key.
  std::vector<Block> list(std::int64_t now);
  void clear();

 private:
  struct Entry {
    Block block;  // `left`: what it was given
    std::int64_t end = 0;
    CounterRoom::Owner owner = 0;
    std::int64_t left(std::int64_t now);
  };
  using Entries = std::unordered_map<std::string, Entry>;
  static std::string name_of(std::string_view limit, std::string_view key);

  const std::size_t most_;
  bool has_room(const Entries& entries, CounterRoom::Owner owner) const {
    return entries.size() < most_ && room_.admits(owner, 1, entries.size());
  }
  void drop_ended(Entries& entries, std::int64_t now);

  CounterRoom room_;  // strangers fill a half of it at the most
  Guarded<Entries> entries_;
  std::atomic<std::size_t> size_{0};  // so that the lock is not taken when there are none
};

}  // namespace mailweir

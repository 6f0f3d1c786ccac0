// SPDX-License-Identifier: BSD-2-Clause
// WaitingBlocks: the keys that a node blocked while the shared store was away, to be blocked there too. Thread-safe;
// bounded: what does not fit is blocked on this node alone.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/guarded.h"
#include "port/counter_store.h"

namespace mailweir {

class WaitingBlocks {
 public:
  struct Waiting {
    Block block;
    bool replace = false;
    std::int64_t end = 0;  // milliseconds since the epoch
    std::uint64_t number = 0;
  };

  explicit WaitingBlocks(std::size_t most) : most_(most) {}

  void add(const Block& block, bool replace, std::int64_t now) {
    waiting_.with([&](auto& all) {
      erase(all, block.limit, block.key);
      if (all.size() < most_) all.push_back({block, replace, now + block.left.count(), ++numbers_});
    });
  }
  void remove(std::string_view limit, std::string_view key) {
    waiting_.with([&](auto& all) { erase(all, limit, key); });
  }
  // This one, not another that has come for the key meanwhile.
  void remove(const Waiting& done) {
    waiting_.with([&](auto& all) { std::erase_if(all, [&](const Waiting& one) { return one.number == done.number; }); });
  }
  // The oldest that has not ended, with the time it has left at `now`; it stays until it is removed.
  std::optional<Waiting> front(std::int64_t now) {
    return waiting_.with([now](auto& all) -> std::optional<Waiting> {
      while (!all.empty() && all.front().end <= now) all.pop_front();
      if (all.empty()) return std::nullopt;
      Waiting first = all.front();
      first.block.left = std::chrono::milliseconds(first.end - now);
      return first;
    });
  }
  std::size_t size() const {
    return waiting_.with([](const auto& all) { return all.size(); });
  }

 private:
  static void erase(std::deque<Waiting>& all, std::string_view limit, std::string_view key) {
    std::erase_if(all, [&](const Waiting& one) { return one.block.limit == limit && one.block.key == key; });
  }

  const std::size_t most_;
  std::atomic<std::uint64_t> numbers_{0};
  Guarded<std::deque<Waiting>> waiting_;
};

}  // namespace mailweir

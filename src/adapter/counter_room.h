// SPDX-License-Identifier: BSD-2-Clause
// CounterRoom: which limit holds how much of the memory store, and which may have more of it when little is left.
//
// The last eighth of the store is for limits that hold little: each may have a share there, so that whoever floods one
// limit with keys (a stranger who varies his sender, say) leaves room for those of the others, the logins' among them.
// What stands in the store is never dropped to make room.
//
// Thread-safe. Shares are checked without a lock: calls at once may go over one by as many counters as there are calls.
// The bound of the whole store is not kept here (ShardLocks).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/guarded.h"
#include "base/text.h"

namespace mailweir {

class CounterRoom {
 public:
  // A limit, by number. 0: one of those that there is no number for.
  using Owner = std::uint16_t;
  static constexpr std::size_t most_owners = 4096;

  explicit CounterRoom(std::size_t most) : most_(most), owners_(std::make_unique<Holding[]>(most_owners)) {}

  Owner owner(std::string_view limit);
  // Whether `fresh` more may be made beside the `all` that are there.
  bool admits(Owner owner, std::uint64_t fresh, std::uint64_t all) const;
  void add(Owner owner, std::uint64_t counters);
  void remove(Owner owner, std::uint64_t counters);

  std::uint64_t held(Owner owner) const { return owners_[owner].held; }
  std::size_t most() const { return most_; }

 private:
  static constexpr std::uint64_t reserved_part = 8, fewest_shares = 8;
  struct Holding {
    std::atomic<std::uint64_t> held{0};
  };

  const std::size_t most_;
  const std::unique_ptr<Holding[]> owners_;
  std::atomic<std::uint64_t> holding_{0};  // limits that hold any
  Guarded<std::unordered_map<std::string, Owner, TextHash, std::equal_to<>>> numbers_;
};

}  // namespace mailweir

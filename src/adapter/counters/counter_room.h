// SPDX-License-Identifier: BSD-2-Clause
// CounterRoom: which limit holds how much of the memory store, and which may have more of it when little is left.
//
// What strangers make (mail that is not outgoing: no login, not from mynetworks, not local) never holds more than a
// half of the store, so that all the keys in the world leave the other half to logins. The last eighth of that half,
// and the last eighth of the store, are for limits that hold little: each limit may still have a share there, so that a
// flood of one limit's keys leaves room for those of the others. What stands in the store is never dropped to make
// room.
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
  // The counters of a limit, those of strangers or those of ours. 0 and 1: limits that there is no number for.
  using Owner = std::uint16_t;
  static constexpr std::size_t most_owners = 4096;
  static bool is_stranger(Owner owner) { return (owner & 1) != 0; }

  explicit CounterRoom(std::size_t most) : most_(most), owners_(std::make_unique<Holding[]>(most_owners)) {}

  Owner owner(std::string_view limit, bool stranger);
  // Whether `fresh` more may be made beside the `all` that are there.
  bool admits(Owner owner, std::uint64_t fresh, std::uint64_t all) const;
  void add(Owner owner, std::uint64_t counters);
  void remove(Owner owner, std::uint64_t counters);

  std::uint64_t held(Owner owner) const { return owners_[owner].held; }
  std::uint64_t of_strangers() const { return kinds_[1].held; }
  std::size_t most() const { return most_; }
  std::size_t most_of_strangers() const { return most_ / 2; }

 private:
  static constexpr std::uint64_t reserved_part = 8, fewest_shares = 8;
  struct Holding {
    std::atomic<std::uint64_t> held{0};
  };
  struct Kind {
    std::atomic<std::uint64_t> held{0}, limits{0};  // that hold any
  };
  static bool fits(std::uint64_t held, std::uint64_t fresh, std::uint64_t all, std::uint64_t most,
                   std::uint64_t limits);

  const std::size_t most_;
  const std::unique_ptr<Holding[]> owners_;
  Kind kinds_[2];  // ours, strangers
  Guarded<std::unordered_map<std::string, Owner, TextHash, std::equal_to<>>> numbers_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// LeaseTable: the lease counters of one shard of the memory store: for each (limit, key) its members and when each of
// them expires. Not thread-safe: the shard's lock is held. Times are milliseconds since the epoch.
//
// A lease never has longer to live than lease_time: where the clock went back the first look cuts it to that.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "adapter/counters/counter_room.h"
#include "base/text.h"

namespace mailweir {

class LeaseTable {
 public:
  struct Found {
    std::uint64_t others = 0;  // members that are alive, without the one asked for
    bool held = false;         // the member is among them
  };
  Found look(std::string_view limit, std::string_view key, std::string_view member, std::int64_t now);
  // When `leases` of the members will have expired if they are not renewed; `now` + lease_time if there are fewer.
  std::int64_t left_at(std::string_view limit, std::string_view key, std::uint64_t leases, std::int64_t now) const;
  // Takes or renews, and drops the counter's expired members. Whose it is counts where the counter is made.
  void take(std::string_view limit, std::string_view key, std::string_view member, std::int64_t now,
            CounterRoom::Owner owner = 0);
  // Removes the counter; 1 if it had members that were alive.
  std::size_t erase(std::string_view limit, std::string_view key, std::int64_t now);
  // Whether it was there.
  bool release(std::string_view limit, std::string_view key, std::string_view member);
  // Removes the expired members of all counters, at most once in a lease_time unless forced; returns how many.
  std::size_t sweep(std::int64_t now, bool forced);

  std::size_t size() const { return size_; }  // members, expired ones that were not swept yet included
  using Use = std::function<void(std::string_view limit, std::string_view key, std::uint64_t members)>;
  void for_each(std::int64_t now, const Use& use) const;
  void clear();
  // What is made and removed from now on is told there.
  void tell(CounterRoom& room) { room_ = &room; }

 private:
  struct Name {
    std::string limit, key;
    CounterRoom::Owner owner = 0;  // no part of the name
  };
  struct NameView {
    std::string_view limit, key;
  };
  struct NameHash {
    using is_transparent = void;
    template <typename T>
    std::size_t operator()(const T& name) const {
      return TextHash{}(name.limit) * 31 + TextHash{}(name.key);
    }
  };
  struct NameEqual {
    using is_transparent = void;
    template <typename T, typename U>
    bool operator()(const T& a, const U& b) const {
      return a.key == b.key && a.limit == b.limit;
    }
  };
  struct Members {
    std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>> expiry;
    // None expires before the first or after the last; so most often all are known to be alive.
    std::int64_t earliest = 0, latest = 0;
    void settle(std::int64_t now);
    bool all_alive(std::int64_t now) const { return now < earliest; }
    std::uint64_t alive(std::int64_t now) const;
  };

  std::size_t drop_expired(const Name& name, Members& members, std::int64_t now);
  void forget(const Name& name, std::size_t members) {
    size_ -= members;
    if (room_ != nullptr) room_->remove(name.owner, members);
  }

  std::unordered_map<Name, Members, NameHash, NameEqual> counters_;
  std::size_t size_ = 0;
  std::int64_t next_sweep_ = 0;
  CounterRoom* room_ = nullptr;
};

}  // namespace mailweir

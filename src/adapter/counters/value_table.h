// SPDX-License-Identifier: BSD-2-Clause
// ValueTable: what the counters of one shard of the memory store were seen with: for each (limit, key, period) a set of
// values and when each was seen last. Period 0 is the memory of a first-seen counter: it lasts remembered_for. Not
// thread-safe: the shard's lock is held. Times are milliseconds since the epoch.
//
// A value counts for the period after it was seen. Where one was seen more than a period ahead of the clock the clock
// has gone back: all that were seen ahead of it are then taken as seen now, by the first look. A set has at most
// some 1,000 values: it is searched from end to end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapter/counters/counter_room.h"
#include "base/text.h"
#include "port/counter_store.h"

namespace mailweir {

struct ValueSetName {
  std::string_view limit, key;
  std::uint32_t period = 0;      // seconds
  CounterRoom::Owner owner = 0;  // asked for where a set is made; no part of the name
};

class ValueTable {
 public:
  struct Found {
    std::uint64_t live = 0;  // values that count, the one asked for included
    bool held = false;       // it is among them
  };
  Found look(const ValueSetName& name, std::string_view member, std::int64_t now);
  // When `leave` of the values will count no more if they are not seen again; a period from `now` if there are fewer.
  std::int64_t left_at(const ValueSetName& name, std::uint64_t leave, std::int64_t now) const;
  // Sees the member at `now`, and forgets all but the newest `keep`. Whether it is new.
  bool see(const ValueSetName& name, std::string_view member, std::int64_t now, std::uint64_t keep);
  // Forgets the member if it was seen last at `at`.
  void take_back(const ValueSetName& name, std::string_view member, std::int64_t at);
  void forget(const ValueSetName& name, std::string_view member);
  // Forgets all sets of the key; how many had values that count.
  std::size_t erase(std::string_view limit, std::string_view key, std::int64_t now);
  // Removes what counts no more, at most once in a minute unless forced.
  void sweep(std::int64_t now, bool forced);

  std::size_t size() const { return size_; }  // values, those that count no more and were not swept yet included
  void for_each(std::int64_t now, const std::function<void(const ValueSetName&, std::uint64_t live)>& use) const;
  void for_each_value(
      const std::function<void(const ValueSetName&, std::string_view member, std::int64_t at)>& use) const;
  // A saved value, as it was.
  void restore(const ValueSetName& name, std::string_view member, std::int64_t at);
  void clear();
  // What is made and removed from now on is told there.
  void tell(CounterRoom& room) { room_ = &room; }

  static std::int64_t span_of(std::uint32_t period) {
    return period == 0 ? std::int64_t{remembered_for.count()} * 1000 : std::int64_t{period} * 1000;
  }

 private:
  struct Name {
    std::string limit, key;
    std::uint32_t period;
    CounterRoom::Owner owner;
  };
  struct NameHash {
    using is_transparent = void;
    template <typename T>
    std::size_t operator()(const T& name) const {
      return (TextHash{}(name.limit) * 31 + TextHash{}(name.key)) * 31 + name.period;
    }
  };
  struct NameEqual {
    using is_transparent = void;
    template <typename T, typename U>
    bool operator()(const T& a, const U& b) const {
      return a.period == b.period && a.key == b.key && a.limit == b.limit;
    }
  };
  struct Value {
    std::int64_t at;
    std::string member;
    auto operator<=>(const Value&) const = default;
  };
  using Values = std::vector<Value>;  // the one seen first in front; by name where the time is the same
  using Sets = std::unordered_map<Name, Values, NameHash, NameEqual>;

  static bool counts(const Value& value, std::int64_t span, std::int64_t now) { return value.at > now - span; }
  static void settle(Values& values, std::int64_t span, std::int64_t now);
  Sets::iterator find_or_make(const ValueSetName& name);
  void put(Sets::iterator set, std::string_view member, std::int64_t at);
  void remove(Sets::iterator set, Values::iterator value);
  void drop(Sets::iterator set, std::int64_t now);
  void forget_some(const Name& name, std::size_t values) {
    size_ -= values;
    if (room_ != nullptr) room_->remove(name.owner, values);
  }

  Sets sets_;
  std::size_t size_ = 0;
  std::int64_t next_sweep_ = 0;
  CounterRoom* room_ = nullptr;
};

}  // namespace mailweir

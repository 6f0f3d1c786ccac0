// SPDX-License-Identifier: BSD-2-Clause
// LocalCounts: what a node counted by itself while the shared store was away, waiting to be added there. A counter that
// is being added counts as waiting until its end is known. Thread-safe; bounded: what does not fit is not remembered,
// and counted as lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "adapter/counters/shared_counters.h"
#include "base/guarded.h"

namespace mailweir {

class LocalCounts {
 public:
  explicit LocalCounts(std::size_t most_counters) : most_counters_(most_counters) {}

  // What a charge counted locally at `now`, by its receipt: units of ring counters, and values.
  void add(std::span<const Charge> charges, const Receipt& receipt, std::int64_t now);
  // Takes it out again. What is not here any more (it was added to the shared store), and leases, are left in the
  // receipt that is returned, one for the shared store.
  Receipt take_back(std::span<const Charge> charges, const Receipt& receipt);
  // Forgets a counter; it is not added.
  void forget(std::string_view limit, std::string_view key);
  void clear();
  // How much of a counter is of this node and in the window that ends now.
  std::uint64_t counted_here(const Charge& charge, const Window& window, std::int64_t now) const;
  // What is to be added next: that of the last time until added() is called. Ages are those at `now` (milliseconds
  // since the epoch). Nothing: all is there. `id`: which one it is.
  struct Next {
    std::uint64_t number = 0;
    CountedElsewhere counted;
  };
  std::optional<Next> next(std::int64_t now);
  void added();

  std::size_t counters() const { return size_; }
  std::uint64_t units() const;                  // of all, in the window that counts most of them
  std::uint64_t lost() const { return lost_; }  // units

 private:
  using Place = std::pair<std::int64_t, std::int64_t>;  // period in seconds, slot
  struct Counter {
    std::string limit, key;
    std::map<Place, std::uint64_t> units;
    struct Seen {
      std::int64_t at = 0;  // milliseconds since the epoch
      std::uint64_t keep = 0;
    };
    std::map<std::pair<std::int64_t, std::string>, Seen> values;  // by period in seconds (0: remembered) and value
  };
  static void add_values(Counter& counter, const Charge& charge, const Window& window, std::int64_t now);
  using Counters = std::unordered_map<std::string, Counter>;
  static std::string name_of(const std::string& limit, const std::string& key) { return limit + '\n' + key; }

  struct All {
    Counters counters;
    std::optional<Counter> adding;
    std::uint64_t number = 0;  // of the one that is being added
  };
  static std::uint64_t sum(const Counter& counter, std::int64_t period, std::int64_t newest);
  void note_size(const All& all) { size_ = all.counters.size() + (all.adding ? 1 : 0); }

  const std::size_t most_counters_;
  Guarded<All> all_;
  std::atomic<std::size_t> size_{0};  // so that the lock is not taken when nothing waits
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace mailweir

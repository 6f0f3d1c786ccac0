// SPDX-License-Identifier: BSD-2-Clause
// LocalCounts: what a node counted by itself while the shared store was away, waiting to be added there. Thread-safe;
// bounded: what does not fit is not remembered, and counted as lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "adapter/shared_counters.h"
#include "base/guarded.h"

namespace mailweir {

class LocalCounts {
 public:
  explicit LocalCounts(std::size_t most_counters) : most_counters_(most_counters) {}

  // What a charge counted locally at `now`, by its receipt: units of ring counters, and values.
  void add(std::span<const Charge> charges, const Receipt& receipt, std::int64_t now);
  // Takes it out again. What is not here any more (it was added to the shared store) is left in `rest`, a receipt for the
  // shared store; nothing: all was here.
  std::optional<Receipt> take_back(std::span<const Charge> charges, const Receipt& receipt);
  // How much of a counter is of this node and in the window that ends now.
  std::uint64_t counted_here(const Charge& charge, const Window& window, std::int64_t now) const;
  // Some counter's, taken out; nothing: all are gone. Ages are those at `now` (milliseconds since the epoch).
  std::optional<CountedElsewhere> pop(std::int64_t now);

  std::size_t counters() const;
  std::uint64_t lost() const { return lost_; }  // units

 private:
  using Place = std::pair<std::int64_t, std::int64_t>;  // period in seconds, slot
  struct Counter {
    std::string limit, key;
    std::map<Place, std::uint64_t> units;
    struct Seen {
      std::int64_t at = 0;     // milliseconds since the epoch
      std::uint64_t keep = 0;
    };
    std::map<std::pair<std::int64_t, std::string>, Seen> values;  // by period in seconds (0: remembered) and value
  };
  static void add_values(Counter& counter, const Charge& charge, const Window& window, std::int64_t now);
  using Counters = std::unordered_map<std::string, Counter>;
  static std::string name_of(const std::string& limit, const std::string& key) { return limit + '\n' + key; }

  const std::size_t most_counters_;
  Guarded<Counters> counters_;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace mailweir

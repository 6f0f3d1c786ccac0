// SPDX-License-Identifier: BSD-2-Clause
// LeaseLedger: the open connections that this node holds a place for, whether the shared store knows of them, and what
// the store last said of those of other nodes. It says how many this node may have while the store is away, and who
// must be said there when it is back. Bounded by what is open here. Thread-safe. Times are milliseconds since the
// epoch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "port/counter_store.h"
#include "port/window_state.h"

namespace mailweir {

class LeaseLedger {
 public:
  // `there`: the shared store has it.
  void taken(const Charge& lease, bool there);
  // The store has so many of the counter's, this lease and all of this node's among them.
  void heard(const Charge& lease, std::uint64_t total, std::int64_t now);
  // Whether it is held here still.
  bool renewed(const Charge& lease, bool there);
  // `said`: the store knows, and others may have its place.
  void closed(const Charge& lease, bool said);

  // This node's that the store does not know of, but this one.
  std::uint64_t elsewhere(const Charge& lease) const;
  // Those of other nodes, as far as is known: for one lease_time after the store said so.
  std::uint64_t others(const Charge& lease, std::int64_t now) const;
  // How many this node may have: what it had when the store was last heard, and `share` of what was left then; later
  // `share` of the maximum. At least one, unless others have all.
  std::uint64_t most_here(const Charge& lease, std::uint64_t max, double share, std::int64_t now) const;
  // Those that it holds, or of them those that the store does not know of. What is known of others is forgotten where
  // it holds nothing.
  std::vector<Charge> hand_over(bool all);

 private:
  struct Held {
    Charge charge;
    bool there = false;
  };
  struct Counter {
    std::unordered_map<std::string, Held> held;  // by member
    std::uint64_t had = 0, others = 0;           // when the store was last heard
    std::int64_t known_until = 0;
  };
  using Counters = std::unordered_map<std::string, Counter>;
  static std::string name_of(const Charge& lease) { return lease.limit + '\n' + lease.key; }
  Guarded<Counters> counters_;
};

// Those of `charges` that are leases, and were counted.
template <typename Use>
void for_each_lease(std::span<const Charge> charges, const Charged& charged, Use use) {
  std::size_t at = 0;
  for (const Charge& charge : charges) {
    for (std::size_t i = 0; i < charge.windows.size(); ++i, ++at)
      if (charge.kind == CountKind::lease && charged.receipt.slots[at] != not_counted) use(charge, charged.totals[at]);
  }
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// LocalShare: charges of the local counters while the shared store is away: each limit at this node's share of what is
// left of it, less what calls that are under way may still count there. Says of what is over whether the limit itself
// is reached, as far as is known, or only the share (Level::share). Thread-safe where the keys of the call are locked.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "adapter/counters/key_stripes.h"
#include "adapter/counters/lease_ledger.h"
#include "adapter/counters/local_counts.h"
#include "adapter/counters/memory_counters.h"
#include "port/counter_store.h"

namespace mailweir {

class LocalShare {
 public:
  // `spent`: what this node counted itself since the store went away.
  LocalShare(MemoryCounters& local, const LocalCounts& spent, const LeaseLedger& leases, double share)
      : local_(local), spent_(spent), leases_(leases), share_(share) {}
  Result<Charged> charge(std::span<const Charge> charges, const KeyStripes::Call& call, std::int64_t now,
                         Deadline deadline);

 private:
  void narrow(const Charge& charge, Charge& part, const std::uint64_t* totals, std::uint64_t under_way,
              std::int64_t now) const;
  void mark(const Charge& charge, const Charge& part, const std::uint64_t* totals, std::int64_t now,
            Level& level) const;

  MemoryCounters& local_;
  const LocalCounts& spent_;
  const LeaseLedger& leases_;
  const double share_;
};

// A charge of the shared store, less what this node counted that it does not have yet, `elsewhere` of each window: that
// counts as if it were there.
Result<Charged> charge_beside(CounterStore& store, std::span<const Charge> charges,
                              const std::vector<std::uint64_t>& elsewhere, Deadline deadline);

// What another answer said, or what is counted here already, may be more than this answer says: it stays. The keys are
// locked.
void keep_known(CounterStore& local, std::span<const Charge> charges, Charged& heard, Deadline deadline);

// Makes never_fits say of a charge that was over what it is by its own windows, not by narrower ones.
void correct_never_fits(const Charge& charge, Level& level);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// RedisHandBack: what a node says to the store in Redis when it finds it back (SharedCounters): whether it counts
// again, what was counted elsewhere, and which nodes have added theirs. `now`: milliseconds since the epoch; 0: the
// server's own clock. Thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "adapter/counters/shared_counters.h"
#include "adapter/redis/redis_route.h"
#include "base/guarded.h"

namespace mailweir {

class RedisHandBack {
 public:
  RedisHandBack(RedisRoute& route, std::string prefix) : route_(route), prefix_(std::move(prefix)) {}

  Result<void> probe(std::int64_t now, Deadline deadline);
  Result<void> merge(std::string_view id, const CountedElsewhere& counted, std::int64_t now, Deadline deadline);
  Result<SharedCounters::Nodes> sign_in(std::string_view node, bool adding, std::chrono::milliseconds age,
                                        std::int64_t now, Deadline deadline);
  Result<bool> has_lost_all(std::int64_t now, Deadline deadline);

 private:
  std::string key_of_slot(unsigned slot) const;
  Result<void> merge_values(const CountedElsewhere& counted, std::int64_t now, Deadline deadline);
  Result<void> run(const RedisCall& call, unsigned slot, Deadline deadline);

  RedisRoute& route_;
  const std::string prefix_;
  Guarded<std::set<unsigned>> marked_;  // slots that have our mark
};

}  // namespace mailweir

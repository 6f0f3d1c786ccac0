// SPDX-License-Identifier: BSD-2-Clause
// NodeRoll: after an outage, which nodes have added what they counted by themselves. Each marks it in the shared store,
// and keeps to its share until as many have as there are, or until `settle` has passed and none is seen adding; later
// each says now and then that it is there. The watcher's; what others read is in FallbackStats.
#pragma once

#include <chrono>
#include <string>

#include "adapter/counters/fallback_config.h"
#include "adapter/counters/fallback_stats.h"
#include "adapter/counters/shared_counters.h"
#include "base/clock.h"
#include "base/log.h"

namespace mailweir {

// Unlike that of any other node, and of this one's next start.
std::string unique_node_id();

class NodeRoll {
 public:
  NodeRoll(SharedCounters& shared, std::string node, const FallbackConfig& config, const Clock& clock, Log& log,
           FallbackStats& stats)
      : shared_(shared), node_(std::move(node)), config_(config), clock_(clock), log_(log), stats_(stats) {}

  // From now on FallbackStats::settling.
  void begin_to_settle();
  // When it is time again: says that this node is there, or is `adding` still. Whether all are and this node need not
  // keep to its share any more. Nodes count that have added all since `went_down`. An error: the store is away.
  Result<bool> sign_in(bool adding, SteadyTime went_down, std::chrono::milliseconds patience);

 private:
  SharedCounters& shared_;
  const std::string node_;
  const FallbackConfig config_;
  const Clock& clock_;
  Log& log_;
  FallbackStats& stats_;
  SteadyTime settled_from_{}, next_ = SteadyTime::min();
};

}  // namespace mailweir

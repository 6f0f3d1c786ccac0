// SPDX-License-Identifier: BSD-2-Clause
// PolicyDoor: what all connections of the policy door share. Outlives them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/guarded.h"
#include "base/memory_budget.h"
#include "engine/services.h"

namespace mailweir {

struct PolicyDoorStats {
  std::atomic<std::uint64_t> requests{0}, bad_requests{0};
};

struct PolicyDoorLimits {
  std::size_t connections = 1000;
  std::chrono::milliseconds idle{600'000};
  std::chrono::milliseconds partial{10'000};    // from a request's first byte to its last
  MemoryBudget* memory = nullptr;               // of all connections; null: unbounded
  std::chrono::milliseconds look_round{1'000};  // how often silence is looked for
};

struct PolicyDoor {
  Services& services;
  const Snapshot<Policy>& policy;
  const PolicyDoorLimits limits;
  PolicyDoorStats& stats;
};

}  // namespace mailweir

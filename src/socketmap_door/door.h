// SPDX-License-Identifier: BSD-2-Clause
// SocketmapDoor: what all connections of the socketmap door share. Outlives them. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "rule/policy.h"

namespace mailweir {

struct SocketmapDoorStats {
  std::atomic<std::uint64_t> lookups{0}, found{0}, refused_lookups{0}, bad_requests{0};
};

struct SocketmapDoorLimits {
  std::size_t connections = 1000;
  std::chrono::milliseconds idle{600'000};
  std::chrono::milliseconds partial{10'000};    // from a request's first byte to its last
  MemoryBudget* memory = nullptr;               // of all connections; null: unbounded
  std::chrono::milliseconds look_round{1'000};  // how often silence is looked for
};

struct SocketmapDoor {
  const Clock& clock;
  Log& log;
  const Snapshot<Policy>& policy;
  const SocketmapDoorLimits limits;
  SocketmapDoorStats& stats;
};

}  // namespace mailweir

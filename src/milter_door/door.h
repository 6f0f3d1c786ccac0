// SPDX-License-Identifier: BSD-2-Clause
// MilterDoor: what all connections of the milter door share. Outlives them.
#pragma once

#include <atomic>

#include "base/guarded.h"
#include "engine/services.h"
#include "milter_door/message_bounds.h"
#include "milter_door/milter_stats.h"
#include "port/digest.h"

namespace mailweir {

struct MilterDoor {
  Services& services;
  const Digests& digests;
  const Snapshot<Policy>& policy;
  const MilterLimits limits;
  MilterStats& stats;
  const std::atomic<bool>& draining;  // new messages are deferred
};

}  // namespace mailweir

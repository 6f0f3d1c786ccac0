// SPDX-License-Identifier: BSD-2-Clause
// The time by which a memory store counts.
#pragma once

#include <cstdint>

#include "adapter/memory_counters.h"

namespace mailweir {

// Milliseconds: that of receipts' slots. It starts at the clock's wall time and goes on by its steady time, so that nobody
// who sets the clock makes a window or a block longer or shorter; over a restart it goes on from the time saved, by what
// the wall clock says has passed, and never backwards. The store is one of make_memory_counters().
std::int64_t time_of(const MemoryCounters& store);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What processes use, from /proc (proc(5)). A process's children, and theirs, belong to it: servers fork.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace mailweir::bench {

struct Usage {
  double cpu_seconds = 0;      // of all threads, and of children that have ended and were waited for
  std::uint64_t peak_kib = 0;  // VmHWM, summed: pages that forked processes share count in each
};

// An error when one of the processes is gone.
Result<Usage> usage_of(const std::vector<int>& pids);

}  // namespace mailweir::bench

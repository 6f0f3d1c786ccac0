// SPDX-License-Identifier: BSD-2-Clause
// FallbackStats: whether the shared store is there, and what its outages have cost.
#pragma once

#include <atomic>
#include <cstdint>

namespace mailweir {

struct FallbackStats {
  std::atomic<bool> up{true};
  std::atomic<std::int64_t> since{0};     // when that changed, seconds since the epoch
  std::atomic<std::uint64_t> outages{0};  // times it went down
  std::atomic<std::uint64_t> spared{0};   // calls that did not ask it because it was down
  std::atomic<std::uint64_t> merged{0};   // counters added to it after outages
  std::atomic<bool> settling{false};      // up, but this node keeps to its share until the others have added theirs
};

}  // namespace mailweir

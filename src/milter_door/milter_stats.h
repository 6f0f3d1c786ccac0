// SPDX-License-Identifier: BSD-2-Clause
// MilterStats: what the milter door counts, for status and metrics.
#pragma once

#include <atomic>
#include <cstdint>

namespace mailweir {

struct MilterStats {
  std::atomic<std::uint64_t> sessions{0}, open{0}, messages{0}, in_flight{0}, signatures{0}, unsigned_for_trouble{0},
      unsigned_long_lines{0}, unsigned_without_key{0}, exceptions{0}, edits_failed{0};
};

}  // namespace mailweir

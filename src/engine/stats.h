// SPDX-License-Identifier: BSD-2-Clause
// EngineStats: what the engine counts, for status and metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/metric.h"
#include "mail/stage.h"

namespace mailweir {

struct EngineStats {
  std::array<std::array<std::atomic<std::uint64_t>, 7>, stage_count> verdicts{};  // by stage and Action
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> counter_errors{0};   // a limit that could not be asked
  std::atomic<std::uint64_t> uncounted{0};        // limits that let mail pass because there was no room for their key
  std::atomic<std::uint64_t> blocks{0};           // keys that went over a limit and were blocked
  std::atomic<std::uint64_t> blocked{0};          // refusals because of a block
  std::atomic<std::uint64_t> bad_keys{0};         // signing keys that were found to be unusable
  std::atomic<std::uint64_t> not_handed_over{0};  // stages of the policy door that Postfix did not ask
};

inline constexpr Metric<EngineStats> engine_metrics[] = {
    {"transactions", as_counter("mailweir_transactions_total", "Mail transactions begun"),
     via<&EngineStats::transactions>},
    {"counters.errors", as_counter("mailweir_counter_errors_total", "Limits that could not be asked"),
     via<&EngineStats::counter_errors>},
    {"counters.uncounted",
     as_counter("mailweir_uncounted_total",
                "Limits that let mail pass because the counters in memory had no room for its key"),
     via<&EngineStats::uncounted>},
    {as_counter("mailweir_blocks_total", "Keys that were blocked"), via<&EngineStats::blocks>},
    {as_counter("mailweir_blocked_total", "Refusals because the key was blocked"), via<&EngineStats::blocked>},
    {"bad_keys", as_counter("mailweir_bad_keys_total", "DKIM keys that were found to be unusable"),
     via<&EngineStats::bad_keys>},
    {as_counter("mailweir_stages_not_asked_total", "Stages of the policy door that Postfix did not ask"),
     via<&EngineStats::not_handed_over>},
};

}  // namespace mailweir

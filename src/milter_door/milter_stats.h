// SPDX-License-Identifier: BSD-2-Clause
// MilterStats: what the milter door counts, for status and metrics.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/metric.h"

namespace mailweir {

struct MilterStats {
  std::atomic<std::uint64_t> sessions{0}, open{0}, messages{0}, in_flight{0}, signatures{0}, unsigned_for_trouble{0},
      unsigned_long_lines{0}, unsigned_without_key{0}, refused_without_key{0}, signed_eight_bit{0},
      signed_long_lines{0}, exceptions{0}, edits_failed{0};
};

inline constexpr Metric<MilterStats> milter_metrics[] = {
    {"sessions", as_counter("mailweir_milter_sessions_total", "SMTP sessions at the milter door"),
     via<&MilterStats::sessions>},
    {"open", as_gauge("mailweir_milter_open", "SMTP sessions open at the milter door"), via<&MilterStats::open>},
    {"messages", via<&MilterStats::messages>},
    {"in_flight", as_gauge("mailweir_milter_in_flight", "Messages in progress at the milter door"),
     via<&MilterStats::in_flight>},
    {"signatures", as_counter("mailweir_signatures_total", "DKIM signatures made"), via<&MilterStats::signatures>},
    {"unsigned", as_counter("mailweir_unsigned_total", "Messages left unsigned because of a failure"),
     via<&MilterStats::unsigned_for_trouble>},
    {as_counter("mailweir_unsigned_long_lines_total",
                "Of them, those with a header line that the next server would break"),
     via<&MilterStats::unsigned_long_lines>},
    {"unsigned_no_key",
     as_counter("mailweir_unsigned_no_key_total", "Messages that a rule asked to sign, whose From domain has no key"),
     via<&MilterStats::unsigned_without_key>},
    {"refused_no_key", as_counter("mailweir_refused_no_key_total", "Of them, those that without_key refused"),
     via<&MilterStats::refused_without_key>},
    {"signed_eight_bit",
     as_counter("mailweir_signed_eight_bit_total",
                "Signed messages with 8-bit bytes in the body, which is converted for a server without 8BITMIME"),
     via<&MilterStats::signed_eight_bit>},
    {"signed_long_lines",
     as_counter("mailweir_signed_long_lines_total",
                "Signed messages whose body has lines over 998 bytes, which the next server would break"),
     via<&MilterStats::signed_long_lines>},
    {"exceptions", as_counter("mailweir_milter_exceptions_total", "Exceptions at the milter door"),
     via<&MilterStats::exceptions>},
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// DnsStats: what the DNS cache counts. Written by any thread, read where they are printed (relaxed: single numbers).
#pragma once

#include <atomic>
#include <cstdint>

#include "base/metric.h"

namespace mailweir {

struct DnsStats {
  std::atomic<std::uint64_t> hits{0};      // answered from the cache
  std::atomic<std::uint64_t> misses{0};    // sent on to the servers
  std::atomic<std::uint64_t> joined{0};    // joined a question that was under way
  std::atomic<std::uint64_t> timeouts{0};  // askers whose deadline came first, and questions no server answered in time
  std::atomic<std::uint64_t> troubles{0};  // other temporary errors from the servers
  std::atomic<std::uint64_t> refused{0};   // not asked: too many under way
  std::atomic<std::uint64_t> evicted{0};   // made room while still good
  std::atomic<std::uint64_t> entries{0};   // kept now
};

inline constexpr Metric<DnsStats> dns_metrics[] = {
    {"hits", as_counter("mailweir_dns_cache_hits_total", "Lookups answered from the cache"), via<&DnsStats::hits>},
    {"misses", as_counter("mailweir_dns_cache_misses_total", "Lookups sent to the servers"), via<&DnsStats::misses>},
    {"timeouts", as_counter("mailweir_dns_timeouts_total", "Lookups that no server answered in time"),
     via<&DnsStats::timeouts>},
    {"troubles", via<&DnsStats::troubles>},
    {"entries", via<&DnsStats::entries>},
};

}  // namespace mailweir

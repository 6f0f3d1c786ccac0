// SPDX-License-Identifier: BSD-2-Clause
// DnsStats: what the DNS cache counts. Written by any thread, read by whoever prints them (relaxed: single numbers).
#pragma once

#include <atomic>
#include <cstdint>

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

}  // namespace mailweir

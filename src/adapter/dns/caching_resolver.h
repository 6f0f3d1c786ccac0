// SPDX-License-Identifier: BSD-2-Clause
// A Resolver in front of another: keeps its answers and joins equal questions, so that each name is asked once however
// many want it. Thread-safe, sharded; owns a thread that ends the wait of askers whose deadline comes before the
// answer.
//
// A question is given `patience` at the servers even if its asker waits less: a late answer serves the next message.
// Temporary errors are kept for `trouble`, so that a dead server does not hold up every message.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "port/dns.h"
#include "port/dns_stats.h"

namespace mailweir {

struct CacheConfig {
  std::size_t most_entries = 100'000;
  std::size_t most_bytes = 64 << 20;   // of all entries; the least recently used go first
  std::size_t most_under_way = 8'000;  // questions at the servers; more are temperror at once
  std::chrono::seconds shortest{1};    // TTLs are raised and cut to these
  std::chrono::seconds longest{86'400};
  std::chrono::seconds longest_negative{900};
  std::chrono::seconds trouble{3};
  std::chrono::milliseconds patience{8'000};
};

class CachingResolver : public dns::Resolver {
 public:
  virtual const DnsStats& stats() const = 0;
  // What stands behind it, for questions whose answers must be fresh.
  virtual dns::Resolver& behind() = 0;
  // Drops what is kept of a name and all below it, of all names if it is "": it was wrong. What is under way for them
  // still tells who asked, and is not kept. How many answers were dropped.
  virtual std::size_t forget(std::string_view zone) = 0;
  // Drops negative answers and those that failed: their cause may have been mended.
  virtual std::size_t forget_failures() = 0;
};

// Owns `behind`, which is ended first. The clock says when entries expire (deadlines are real time, base/clock.h); it
// must outlive the resolver.
std::unique_ptr<CachingResolver> make_caching_resolver(std::unique_ptr<dns::Resolver> behind, const Clock& clock,
                                                       const CacheConfig& config = {});

}  // namespace mailweir

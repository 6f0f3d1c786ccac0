// SPDX-License-Identifier: BSD-2-Clause
// RedisCounters: the counter store that many nodes share, in a Redis or Valkey server (5 or newer), in the master that
// sentinels name, or in a cluster.
//
// Thread-safe; a small pool of connections, and one for each loop that asks; every wait ends at the caller's deadline.
// All limits of a charge are one script call, by the server's clock, all or none. A charge whose answer never came is
// not tried again: it may have been counted. All errors are temporary and name the server. Nothing is asked when it is
// made: the server may be down then.
//
// In a cluster the windows of one (limit, key) share a slot; charges of different keys are a call for each slot, one
// after the other. When one refuses or fails, what the others counted is given back: at no time is more accepted than a
// maximum allows, but two charges at once may both be refused where one had fitted. A prefix with a hash tag ("{mw}:")
// puts all keys on one server, and a charge is one call again.
//
// Known limits: a server that evicts drops live counters and blocks (evicts() says so): set noeviction. One whose clock
// is set forward drops what has expired by it (adapter/redis/redis_script.h says what is done where it is set back). A
// primary that fails loses what its replica had not yet seen; one that is cut off from the sentinels, but not from us,
// counts on until it learns of its successor, and that is lost too (min-replicas-to-write 1 there bounds it). list()
// walks the whole database (SCAN). The process must ignore SIGPIPE.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "adapter/counters/shared_counters.h"
#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

struct RedisCountersConfig {
  std::string url;                 // see port/redis_url.h
  std::string user{}, password{};  // instead of the URL's
  std::string prefix = "mw:";      // of all our keys
  std::size_t connections = 8;     // at most, to each server, beside one for each loop (adapter/redis/redis_pipeline.h)
  const Clock* test_clock = nullptr;  // for tests: its wall time instead of the server's; keys then live for a day
};

struct RedisCounterStats {
  std::atomic<std::uint64_t> charges{0};  // calls
  std::atomic<std::uint64_t> refused{0};  // calls that were over
  std::atomic<std::uint64_t> errors{0};   // calls of any kind that failed
  std::atomic<std::uint64_t> undone{0};   // charges of several slots that were given back in some
};

class RedisCounters : public SharedCounters {
 public:
  virtual const RedisCounterStats& stats() const = 0;
};

// An error is one of the URL.
Result<std::unique_ptr<RedisCounters>> make_redis_counters(const RedisCountersConfig& config);

}  // namespace mailweir

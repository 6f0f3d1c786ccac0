// SPDX-License-Identifier: BSD-2-Clause
// RedisCounters: the counter store that many nodes share, in one Redis or Valkey server (5 or newer).
//
// Thread-safe; a small pool of connections; every wait ends at the caller's deadline. All limits of a charge are one
// script call, by the server's clock, all or none. A charge whose answer never came is not tried again: it may have been
// counted. All errors are temporary and name the server. Nothing is asked when it is made: the server may be down then.
//
// Known limits: a server that evicts (maxmemory-policy allkeys-...) may drop live counters: set noeviction. A primary that
// fails loses what its replica had not yet seen. list() walks the whole database (SCAN). The process must ignore SIGPIPE.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "port/counter_store.h"

namespace mailweir {

struct RedisCountersConfig {
  std::string url;              // see adapter/redis_url.h
  std::string prefix = "mw:";   // of all our keys
  std::size_t connections = 8;  // at most
  const Clock* test_clock = nullptr;  // for tests: its wall time instead of the server's; keys then live for a day
};

struct RedisCounterStats {
  std::atomic<std::uint64_t> charges{0};  // calls
  std::atomic<std::uint64_t> refused{0};  // calls that were over
  std::atomic<std::uint64_t> errors{0};   // calls of any kind that failed
};

class RedisCounters : public CounterStore {
 public:
  virtual const std::string& server() const = 0;  // its URL without the password
  virtual std::uint64_t connects() const = 0;     // connections made
  virtual const RedisCounterStats& stats() const = 0;
};

// An error is one of the URL.
Result<std::unique_ptr<RedisCounters>> make_redis_counters(const RedisCountersConfig& config);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// RedisTables: lists and maps that live in a Redis (or Valkey) server and are asked entry by entry, so that a set of a
// million is as good as one of ten and a change is seen at once.
//
// The key's type says what it is: a set is a list; a sorted set is a list whose scores are the unix time until which an
// entry holds (+inf: for ever), by the server's clock; a hash is a map. A key that was never there is empty. One that
// was and is no more has been evicted, or deleted by mistake: lookups are outages then. The string KEY:mailweir says
// that it was there (the value "there"; set by the first lookup that finds the key, if our login may write), and
// "empty" says that it is meant to be empty. What this process has seen it knows without.
//
// All keys that could match (an address and its 33 or 129 networks, a domain and its parents) are asked in one script
// call; of many things (the addresses of From) all keys together in calls of 2,000, ten at the most.
//
// Answers are kept for `fresh`. While the server does not answer, lookups are outages (port/table.h), at once but for
// one try a second. Thread-safe; nothing is asked when a table is made.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "adapter/redis/redis_outage.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "port/table.h"

namespace mailweir {

struct RedisTablesConfig {
  std::string url;                          // port/redis_url.h
  std::string user{}, password_file{};      // the login, if the URL has none; a file that can't be read is no login
  std::chrono::milliseconds deadline{100};  // of one lookup
  std::chrono::milliseconds fresh{500};
  std::size_t most_kept = 20'000;  // answers
  std::size_t connections = 8;
};

struct RedisTableStats : RedisOutageStats {
  std::atomic<std::uint64_t> asked{0}, kept{0};  // kept: answered from what was kept
};

class RedisTables {
 public:
  virtual ~RedisTables() = default;
  // The table keeps the server's part alive. `key` is the key in Redis, as it is.
  virtual TablePtr table(const std::string& key, TableKind kind) = 0;
  // Removes the key, and says there that it is meant to be empty. Whether it had entries.
  virtual Result<bool> make_empty(const std::string& key) = 0;
  // As SharedCounters::evicts().
  virtual Result<std::string> evicts(Deadline deadline) = 0;
  virtual const RedisTableStats& stats() const = 0;
  virtual const std::string& server() const = 0;  // its URL without the password
};

// An error is one of the URL. Clock and log must outlive it and its tables.
Result<std::shared_ptr<RedisTables>> make_redis_tables(const RedisTablesConfig& config, const Clock& clock, Log& log);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// KeyRedis: the Redis (or Valkey) server, sentinels or cluster that has signing keys and their states, and how they are
// called there:
//
//   PREFIX:DOMAIN             hash: SELECTOR is a private key in PEM; SELECTOR:written, the unix time at which it was
//                             made, may stand beside it
//   {PREFIX:DOMAIN}:states    hash: SELECTOR is its state (redis_states.cc says how it is written)
//   {PREFIX}:pending          sorted set: "SELECTOR DOMAIN" by the unix time at which its record is looked for
//   {PREFIX}:retiring         sorted set: the same, by the time at which it is removed
//   {PREFIX}:looks            string: how many were taken from these sets within this second, by all nodes
//   {PREFIX}:begun            string: the unix time from which on states are kept
//
// In a cluster the first two have one slot. The server is asked only where others cannot read private keys on the way.
// Thread-safe; nothing is asked when it is made.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/redis/redis_outage.h"
#include "adapter/redis/redis_route.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "port/builders.h"

namespace mailweir {

struct KeyRedisStats : RedisOutageStats {
  std::atomic<std::uint64_t> asked{0};
};

class KeyRedis {
 public:
  // An error is one of the URL, or says why private keys must not go that way. `place.key` is PREFIX. Clock and log
  // must outlive it.
  static Result<std::shared_ptr<KeyRedis>> make(const RedisPlace& place, const Clock& clock, Log& log);
  KeyRedis(const RedisPlace& place, const RedisUrl& url, const Clock& clock, Log& log);

  const std::string& prefix() const { return prefix_; }
  std::string keys_of(const std::string& domain) const { return prefix_ + ':' + domain; }
  std::string states_of(const std::string& domain) const { return '{' + keys_of(domain) + "}:states"; }
  std::string of_all(std::string_view name) const { return '{' + prefix_ + "}:" + std::string(name); }

  // EVAL of a script that only reads; the keys have one slot. While the server does not answer, all but one a second
  // fail at once. Errors that are not temporary are the fault of what the key has.
  Result<RedisReply> read(std::string_view script, const std::vector<std::string>& keys, Deadline deadline);
  // A command about one key, the second word; a script. These are always tried, and what becomes of them says nothing
  // of reading: a server whose memory is full still answers.
  Result<RedisReply> command(const std::vector<std::string_view>& words, Deadline deadline);
  Result<RedisReply> eval(std::string_view script, const std::vector<std::string>& keys,
                          const std::vector<std::string>& words, Deadline deadline);
  // Each PREFIX:DOMAIN, the DOMAIN alone, sorted.
  Result<std::vector<std::string>> domains(Deadline deadline);
  // As SharedCounters::evicts().
  Result<std::string> evicts(Deadline deadline);

  const KeyRedisStats& stats() const { return stats_; }
  const std::string& server() const { return server_; }  // its URL without the password

 private:
  const std::string prefix_, server_;
  const std::unique_ptr<RedisRoute> route_;
  KeyRedisStats stats_;
  RedisOutage outage_;
};

}  // namespace mailweir

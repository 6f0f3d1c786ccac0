// SPDX-License-Identifier: BSD-2-Clause
// RedisRoute: which server a call goes to: the one, the one that the sentinels name, or the one that has the key's
// slot. Thread-safe. A call is tried again only where it surely was not carried out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/redis/redis_node.h"

namespace mailweir {

class RedisRoute {
 public:
  virtual ~RedisRoute() = default;
  // `slot`: of all the call's keys (redis_slot); only a cluster looks. What the server refuses is an Error that says
  // what to do; all errors are temporary and name the server.
  virtual Result<RedisReply> run(const RedisCall& call, unsigned slot, Deadline deadline) = 0;
  // The same for any command, whose keys have this slot.
  virtual Result<RedisReply> command(const std::vector<std::string_view>& words, unsigned slot, Deadline deadline) = 0;
  // Everybody who has keys.
  virtual Result<std::vector<std::shared_ptr<RedisNode>>> masters(Deadline deadline) = 0;
  // A slot of each of them.
  virtual Result<std::vector<unsigned>> sample_slots(Deadline) { return std::vector<unsigned>{0}; }
  // Whether keys of different slots need calls of their own.
  virtual bool splits() const { return false; }
  // The server, or servers, that calls go to now; empty: not known yet.
  virtual std::string where() const = 0;
  virtual std::uint64_t connects() const = 0;
};

// A server's answer, what it refuses as an Error that names it.
Result<RedisReply> outcome_of(const RedisNode& node, RedisAnswer answer);

}  // namespace mailweir

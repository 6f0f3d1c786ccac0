// SPDX-License-Identifier: BSD-2-Clause
// Redis servers that belong together, real ones, on ports of 127.0.0.1: a cluster of three masters; a master with a
// replica and three sentinels that watch it. Ended, and their files removed, with the object.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapter/redis/redis_connection.h"
#include "redis_server.h"

namespace mailweir {

// Says a command to a server as redis-cli would; throws when it cannot be said.
RedisReply tell(const RedisServer& server, const std::vector<std::string_view>& words);

class RedisCluster {
 public:
  RedisCluster();
  std::string url() const;  // names one of them
  RedisServer& node(std::size_t number) { return *nodes_[number]; }
  // Whose slot it is: a third of the slots each, in order.
  std::size_t owner_of(unsigned slot) const;
  std::string id_of(std::size_t number) const;
  static constexpr std::size_t size = 3;

 private:
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

class RedisSentinels {
 public:
  RedisSentinels();
  std::string url() const;
  RedisServer& first() { return *first_; }     // the master at the beginning
  RedisServer& second() { return *second_; }   // its replica
  // Asks a sentinel for a failover now; or waits until they have agreed on the other one by themselves.
  void fail_over();
  void wait_for_master(const RedisServer& wanted) const;

 private:
  std::unique_ptr<RedisServer> first_, second_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace mailweir

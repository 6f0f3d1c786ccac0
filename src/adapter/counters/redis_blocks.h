// SPDX-License-Identifier: BSD-2-Clause
// RedisBlocks: the blocked keys of the store in Redis, small keys of their own beside the counters; and forgetting
// counters by hand. Whether a key is blocked is asked in the call that charges (adapter/redis/redis_script.h).
// Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapter/redis/redis_route.h"
#include "port/counter_store.h"

namespace mailweir {

class RedisBlocks {
 public:
  RedisBlocks(RedisRoute& route, std::string prefix) : route_(route), prefix_(std::move(prefix)) {}

  // `now`: milliseconds since the epoch; 0: the server's own clock. The rest is as CounterStore says.
  Result<bool> block(const Block& block, bool replace, std::int64_t now, Deadline deadline);
  Result<bool> unblock(std::string_view limit, std::string_view key, std::int64_t now, Deadline deadline);
  Result<std::vector<Block>> list(std::size_t most, std::int64_t now, Deadline deadline);
  Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline deadline);

 private:
  Result<bool> ask(const RedisCall& call, const std::string& key, Deadline deadline);
  std::string key_of(std::string_view limit, std::string_view key) const;

  RedisRoute& route_;
  const std::string prefix_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Whether a Redis server throws keys away when its memory is full: with any maxmemory-policy but noeviction it lifts
// blocks and limits, and empties lists, without a word (redis.conf: maxmemory, maxmemory-policy).
#pragma once

#include <string>
#include <string_view>

#include "adapter/redis/redis_connection.h"
#include "adapter/redis/redis_route.h"
#include "base/result.h"

namespace mailweir {

// From the answer to "INFO memory": the policy by which the server evicts, "allkeys-lru"; "" if it does not: its memory
// has no bound, or the policy is noeviction, or it does not say.
std::string eviction_policy(std::string_view info);
// The same of a reply. An error that refuses only this question ("NOPERM") is "it does not say".
Result<std::string> eviction_policy(const RedisReply& info, const std::string& server);
// Of the first server behind the route that evicts; "" if none does.
Result<std::string> eviction_policy(RedisRoute& route, const std::string& server, Deadline deadline);

}  // namespace mailweir

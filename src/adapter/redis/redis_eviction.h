// SPDX-License-Identifier: BSD-2-Clause
// Whether a Redis server throws keys away when its memory is full: with any maxmemory-policy but noeviction it lifts
// blocks and limits, and empties lists, without a word (redis.conf: maxmemory, maxmemory-policy).
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// From the answer to "INFO memory": the policy by which the server evicts, "allkeys-lru"; "" if it does not: its memory
// has no bound, or the policy is noeviction, or it does not say.
std::string eviction_policy(std::string_view info);

}  // namespace mailweir

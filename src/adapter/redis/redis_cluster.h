// SPDX-License-Identifier: BSD-2-Clause
// A Redis Cluster: 16384 slots of keys, each on one of its masters (redis.io: Redis cluster specification).
#pragma once

#include <memory>
#include <string_view>

#include "adapter/redis/redis_route.h"

namespace mailweir {

inline constexpr unsigned cluster_slots = 16384;

// CRC16 (XMODEM) of the key's hash tag, what stands between its first { and the next } if anything does, or of the key.
unsigned redis_slot(std::string_view key);

// The map of slots is learnt from the servers of the URL at the first call, and again when one sends us elsewhere
// (MOVED) or is gone. ASK and TRYAGAIN, while slots move, are followed within the deadline.
std::unique_ptr<RedisRoute> make_cluster_route(const RedisUrl& url, std::size_t connections);

}  // namespace mailweir

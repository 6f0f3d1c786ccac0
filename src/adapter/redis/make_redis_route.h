// SPDX-License-Identifier: BSD-2-Clause
// The route to a Redis by its URL's kind: a server, sentinels, a cluster.
#pragma once

#include <memory>

#include "adapter/redis/redis_route.h"

namespace mailweir {

// Sends nothing yet. `connections`: at most, to each server.
std::unique_ptr<RedisRoute> make_redis_route(const RedisUrl& url, std::size_t connections);

}  // namespace mailweir

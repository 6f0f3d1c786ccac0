// SPDX-License-Identifier: BSD-2-Clause
// The master that sentinels name (redis.io: Sentinel). A failover is followed as soon as the first of them says another
// address and the server there says that it is a master: a thread asks all of them ten times a second, each on a
// connection that stays, because in a failover that was ordered the old master goes on taking writes, which are lost,
// for ten seconds until a sentinel makes it a replica. They are also asked when a call fails. A sentinel that has not
// heard of the failover yet, and names the master before, is not believed for half a minute while another names the new
// one.
#pragma once

#include <memory>

#include "adapter/redis/redis_route.h"

namespace mailweir {

std::unique_ptr<RedisRoute> make_sentinel_route(const RedisUrl& url, std::size_t connections);

}  // namespace mailweir

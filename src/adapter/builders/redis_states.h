// SPDX-License-Identifier: BSD-2-Clause
// KeyStates in Redis, beside the keys (key_redis.h says how they are called there), so that all nodes agree: a state is
// changed only from what it was; a pending key is taken by one node at a time; all nodes together take 16 keys a
// second. Each domain's states are written at once. The sets of what is due are a help: what they say is looked up.
#pragma once

#include <memory>

#include "adapter/builders/key_redis.h"
#include "port/key_states.h"

namespace mailweir {

KeyStatesPtr make_redis_states(std::shared_ptr<KeyRedis> redis);

}  // namespace mailweir

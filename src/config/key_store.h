// SPDX-License-Identifier: BSD-2-Clause
// [dkim] keys: the place of keys, with their states, that the policy file names. Not a public header of the floor.
#pragma once

#include <vector>

#include "config/key.h"
#include "config/problems.h"
#include "rule/policy.h"

namespace mailweir {

// Null: there are none, or an error was told. `dkim`: all [dkim] tables; `redis`: the server of keys in Redis.
StatedKeysPtr make_key_store(const std::vector<const toml::table*>& dkim, const Makings& makings,
                             const RedisPlace& redis, Policy& policy, Problems& problems);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Walks through a server's keys: SCAN, page by page, so that it is never held up for long.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapter/redis/redis_node.h"

namespace mailweir {

// What is done with a page of keys: whether to go on, or an error that ends the walk. SCAN may name a key twice.
using UsePage = std::function<Result<bool>(const std::vector<std::string>& keys)>;
// All keys of this server that match (SCAN's MATCH).
Result<void> scan_keys(RedisNode& node, const std::string& pattern, Deadline deadline, const UsePage& use);

}  // namespace mailweir

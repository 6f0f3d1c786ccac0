// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_route.h"

namespace mailweir {

Result<RedisReply> outcome_of(const RedisNode& node, RedisAnswer answer) {
  if (answer.is_error()) return node.named(to_error(*answer.reply));
  return std::move(answer.reply);
}

}  // namespace mailweir

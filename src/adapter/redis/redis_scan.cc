// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_scan.h"

namespace mailweir {
namespace {

constexpr std::string_view keys_in_a_page = "500";

}  // namespace

Result<void> scan_keys(RedisNode& node, const std::string& pattern, Deadline deadline, const UsePage& use) {
  std::string cursor = "0";
  do {
    const RedisAnswer answer = node.command({"SCAN", cursor, "MATCH", pattern, "COUNT", keys_in_a_page}, deadline);
    if (!answer.reply) return answer.reply.error();
    if (answer.is_error()) return node.named(to_error(*answer.reply));
    if (answer.reply->elements.size() != 2)
      return node.named(Error{"unexpected answer to SCAN; is it a Redis server?", true});
    cursor = answer.reply->elements[0].text;
    std::vector<std::string> keys;
    for (const RedisReply& key : answer.reply->elements[1].elements) keys.push_back(key.text);
    const auto used = use(keys);
    if (!used) return used.error();
    if (!*used) return {};
  } while (cursor != "0");
  return {};
}

}  // namespace mailweir

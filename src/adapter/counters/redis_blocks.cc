// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/redis_blocks.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "adapter/redis/redis_cluster.h"
#include "adapter/redis/redis_key.h"
#include "adapter/redis/redis_scan.h"

namespace mailweir {
namespace {

// What stands in the key behind the end: the rule, which has no blanks, and the reason.
void read_why(std::string_view value, Block& block) {
  const auto rule = value.find(' ');
  if (rule == value.npos) return;
  const auto reason = value.find(' ', rule + 1);
  block.rule = value.substr(rule + 1, reason == value.npos ? value.npos : reason - rule - 1);
  if (reason != value.npos) block.reason = value.substr(reason + 1);
}

}  // namespace

std::string RedisBlocks::key_of(std::string_view limit, std::string_view key) const {
  return redis_key::name_of(prefix_, limit, key) + std::string(redis_key::block_suffix);
}

Result<bool> RedisBlocks::ask(const RedisCall& call, const std::string& key, Deadline deadline) {
  const auto reply = route_.run(call, redis_slot(key), deadline);
  if (!reply) return reply.error();
  return reply->integer == 1;
}

Result<bool> RedisBlocks::block(const Block& block, bool replace, std::int64_t now, Deadline deadline) {
  RedisCall call("block", now);
  const std::string key = key_of(block.limit, block.key);
  call.add_key(key);
  call.add(static_cast<std::int64_t>(block.left.count()));
  call.add(replace);
  call.add(block.rule + ' ' + block.reason);
  return ask(call, key, deadline);
}

Result<bool> RedisBlocks::unblock(std::string_view limit, std::string_view key, std::int64_t now, Deadline deadline) {
  RedisCall call("unblock", now);
  const std::string name = key_of(limit, key);
  call.add_key(name);
  return ask(call, name, deadline);
}

Result<std::vector<Block>> RedisBlocks::list(std::size_t most, std::int64_t now, Deadline deadline) {
  const auto masters = route_.masters(deadline);
  if (!masters) return masters.error();
  std::vector<Block> blocks;
  std::unordered_set<std::string> seen;
  const std::string pattern = redis_key::pattern_of(prefix_, {}) + std::string(redis_key::block_suffix);
  const UsePage add = [&](const std::vector<std::string>& keys) -> Result<bool> {
    for (const std::string& key : keys) {
      const auto question = redis_key::block_of(prefix_, key);
      if (!question || is_alert_mark(question->limit) || !seen.insert(key).second) continue;
      RedisCall call("show_block", now);
      call.add_key(key);
      const auto shown = route_.run(call, redis_slot(key), deadline);
      if (!shown) return shown.error();
      if (shown->elements.size() != 2) continue;  // it has ended meanwhile
      Block block{question->limit, question->key, {}, {}, std::chrono::milliseconds(shown->elements[0].integer)};
      read_why(shown->elements[1].text, block);
      blocks.push_back(std::move(block));
      if (blocks.size() >= most) return false;
    }
    return true;
  };
  for (const auto& node : *masters) {
    if (blocks.size() >= most) break;
    if (auto walked = scan_keys(*node, pattern, deadline, add); !walked) return walked.error();
  }
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return std::tie(a.limit, a.key) < std::tie(b.limit, b.key); });
  return blocks;
}

Result<std::size_t> RedisBlocks::reset(std::string_view limit, std::string_view key, Deadline deadline) {
  const auto masters = route_.masters(deadline);
  if (!masters) return masters.error();
  CounterQuery query;
  query.limit = limit;
  query.key = key;
  std::size_t removed = 0;
  for (const auto& node : *masters) {
    const UsePage remove = [&](const std::vector<std::string>& keys) -> Result<bool> {
      for (const std::string& name : keys) {
        const auto counter = redis_key::question_of(prefix_, name);
        // Nor what a first-seen counter remembers: whom a login has written to it has still written to.
        if (!counter || counter->limit != limit || counter->key != key) continue;
        const RedisAnswer answer = node->command({"DEL", name}, deadline);
        if (!answer.reply) return answer.reply.error();
        if (answer.is_error()) return node->named(to_error(*answer.reply));
        removed += answer.reply->integer == 1 ? 1 : 0;
      }
      return true;
    };
    if (auto walked = scan_keys(*node, redis_key::pattern_of(prefix_, query), deadline, remove); !walked)
      return walked.error();
  }
  return removed;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_eviction.h"

#include "base/text.h"

namespace mailweir {
namespace {

// The value of "name:value" on a line of its own.
std::string_view field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const auto end = info.find('\n');
    auto line = info.substr(0, end);
    info.remove_prefix(end == info.npos ? info.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
      return line.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

std::string eviction_policy(std::string_view info) {
  const auto most = field(info, "maxmemory"), policy = field(info, "maxmemory_policy");
  if (most.empty() || most == "0" || policy.empty() || policy == "noeviction") return {};
  return cleaned(policy, true, 40);
}

Result<std::string> eviction_policy(const RedisReply& info, const std::string& server) {
  if (info.kind != RedisReply::Kind::error) return eviction_policy(info.text);
  if (info.text.starts_with("NOPERM")) return std::string();
  return Error{server + ": " + to_error(info).what, true};
}

Result<std::string> eviction_policy(RedisRoute& route, const std::string& server, Deadline deadline) {
  const auto masters = route.masters(deadline);
  if (!masters) return masters.error();
  for (const auto& node : *masters) {
    const RedisAnswer answer = node->command({"INFO", "memory"}, deadline);
    if (!answer.reply) return answer.reply.error();
    if (auto policy = eviction_policy(*answer.reply, server); !policy || !policy->empty()) return policy;
  }
  return std::string();
}

}  // namespace mailweir

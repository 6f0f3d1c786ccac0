// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/key_redis.h"

#include <algorithm>

#include "adapter/redis/make_redis_route.h"
#include "adapter/redis/redis_cluster.h"
#include "adapter/redis/redis_eviction.h"
#include "adapter/redis/redis_scan.h"
#include "base/file.h"
#include "mail/domain.h"

namespace mailweir {
namespace {

constexpr std::size_t connections = 8;

}  // namespace

Result<std::shared_ptr<KeyRedis>> KeyRedis::make(const RedisPlace& place, const Clock& clock, Log& log) {
  auto url = RedisUrl::parse(place.url);
  if (!url)
    return Error{url.error().what.substr(0, url.error().what.find("; write ")) +
                 "; write redis+unix:/path?db=N, rediss://host:port/db or redis://127.0.0.1:port/db"};
  if (const auto why = url->objection_to_secrets(); !why.empty())
    return Error{"private keys cannot be kept in " + url->to_string() + ": " + why};
  url->for_secrets = true;
  if (!place.password_file.empty()) {
    url->user = place.user;
    if (auto password = first_line(place.password_file)) url->password = *std::move(password);
  }
  return std::make_shared<KeyRedis>(place, *url, clock, log);
}

KeyRedis::KeyRedis(const RedisPlace& place, const RedisUrl& url, const Clock& clock, Log& log)
    : prefix_(place.key), server_(url.to_string()), route_(make_redis_route(url, connections)),
      outage_("key-store", server_, "known keys go on signing; [dkim] without_key says what becomes of other mail",
              stats_, clock, log) {}

Result<RedisReply> KeyRedis::read(std::string_view script, const std::vector<std::string>& keys, Deadline deadline) {
  if (!outage_.may_try()) return Error{server_ + ": does not answer", true};
  auto reply = eval(script, keys, {}, deadline);
  if (reply || !reply.error().temporary) outage_.went_up();
  else outage_.went_down(reply.error());
  return reply;
}

Result<RedisReply> KeyRedis::command(const std::vector<std::string_view>& words, Deadline deadline) {
  ++stats_.asked;
  return route_->command(words, redis_slot(words[1]), deadline);
}

Result<RedisReply> KeyRedis::eval(std::string_view script, const std::vector<std::string>& keys,
                                  const std::vector<std::string>& words, Deadline deadline) {
  ++stats_.asked;
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> all{"EVAL", script, count};
  all.insert(all.end(), keys.begin(), keys.end());
  all.insert(all.end(), words.begin(), words.end());
  return route_->command(all, redis_slot(keys.front()), deadline);
}

Result<std::vector<std::string>> KeyRedis::domains(Deadline deadline) {
  const auto masters = route_->masters(deadline);
  if (!masters) return masters.error();
  const std::string start = prefix_ + ':';
  std::vector<std::string> all;
  for (const auto& node : *masters) {
    const auto walked = scan_keys(*node, start + '*', deadline, [&](const std::vector<std::string>& keys) {
      for (const auto& key : keys)
        if (key.starts_with(start) && is_plain_name(key.substr(start.size()))) all.push_back(key.substr(start.size()));
      return Result<bool>(true);
    });
    if (!walked) return walked.error();
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Result<std::string> KeyRedis::evicts(Deadline deadline) { return eviction_policy(*route_, server_, deadline); }

}  // namespace mailweir

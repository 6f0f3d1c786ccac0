// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/make_redis_route.h"

#include "adapter/redis/redis_cluster.h"
#include "adapter/redis/redis_sentinel.h"

namespace mailweir {
namespace {

class SingleRoute final : public RedisRoute {
 public:
  SingleRoute(const RedisUrl& url, std::size_t connections) : node_(std::make_shared<RedisNode>(url, connections)) {}

  Result<RedisReply> run(const RedisCall& call, unsigned, Deadline deadline) override {
    return outcome_of(*node_, node_->run(call, false, deadline));
  }
  Result<RedisReply> command(const std::vector<std::string_view>& words, unsigned, Deadline deadline) override {
    return outcome_of(*node_, node_->command(words, deadline));
  }
  Result<std::vector<std::shared_ptr<RedisNode>>> masters(Deadline) override { return std::vector{node_}; }
  std::string where() const override { return node_->name(); }
  std::uint64_t connects() const override { return node_->connects(); }

 private:
  const std::shared_ptr<RedisNode> node_;
};

}  // namespace

std::unique_ptr<RedisRoute> make_redis_route(const RedisUrl& url, std::size_t connections) {
  switch (url.kind) {
    case RedisUrl::Kind::sentinel: return make_sentinel_route(url, connections);
    case RedisUrl::Kind::cluster: return make_cluster_route(url, connections);
    case RedisUrl::Kind::single: break;
  }
  return std::make_unique<SingleRoute>(url, connections);
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "redis_group.h"

#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

#include "adapter/redis/redis_cluster.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

// Other processes, on a machine that is busy: looked at until it is so.
void wait_until(const char* what, const std::function<bool()>& so) {
  for (int tries = 0; tries < 3'000; ++tries) {
    if (so()) return;
    std::this_thread::sleep_for(milliseconds(10));
  }
  throw std::runtime_error(std::string("in vain: ") + what);
}

std::string address_of(const RedisServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }

}  // namespace

RedisReply tell(const RedisServer& server, const std::vector<std::string_view>& words) {
  const Deadline deadline = Deadline::in(std::chrono::seconds(20));
  const auto url = RedisUrl::parse(server.url());
  HostLookup hosts("");
  const auto connection = RedisConnection::open(*url, hosts, RedisConnection::Login::no, deadline);
  if (!connection) throw std::runtime_error(connection.error().what);
  auto reply = (*connection)->command(words, deadline);
  if (!reply) throw std::runtime_error(reply.error().what);
  return *reply;
}

RedisCluster::RedisCluster() {
  for (std::size_t i = 0; i < size; ++i)
    nodes_.push_back(std::make_unique<RedisServer>(std::vector<std::string>{
        "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000", "--cluster-port",
        std::to_string(free_port())}));
  for (std::size_t i = 0; i < size; ++i) {
    const std::string first = std::to_string(i * cluster_slots / size), last = std::to_string((i + 1) * cluster_slots / size - 1);
    tell(node(i), {"CLUSTER", "ADDSLOTSRANGE", first, last});
    tell(node(i), {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (std::size_t i = 1; i < size; ++i) {
    const std::string port = std::to_string(node(i).port()), bus = tell(node(i), {"CONFIG", "GET", "cluster-port"}).elements.at(1).text;
    tell(node(0), {"CLUSTER", "MEET", "127.0.0.1", port, bus});
  }
  for (std::size_t i = 0; i < size; ++i)
    wait_until("the cluster to be whole", [this, i] {
      return tell(node(i), {"CLUSTER", "INFO"}).text.find("cluster_state:ok") != std::string::npos &&
             tell(node(i), {"CLUSTER", "SLOTS"}).elements.size() == size;
    });
}

std::string RedisCluster::url() const { return "redis+cluster://" + address_of(*nodes_[0]); }

std::size_t RedisCluster::owner_of(unsigned slot) const {
  std::size_t owner = 0;
  while (slot >= (owner + 1) * cluster_slots / size) ++owner;
  return owner;
}

std::string RedisCluster::id_of(std::size_t number) const { return tell(*nodes_[number], {"CLUSTER", "MYID"}).text; }

RedisSentinels::RedisSentinels() {
  first_ = std::make_unique<RedisServer>(std::vector<std::string>{"--repl-diskless-sync-delay", "0"});
  const std::string port = std::to_string(first_->port());
  second_ = std::make_unique<RedisServer>(std::vector<std::string>{"--replicaof", "127.0.0.1 " + port, "--repl-diskless-sync-delay", "0"});
  wait_until("the replica to follow", [this] { return tell(*second_, {"INFO", "replication"}).text.find("master_link_status:up") != std::string::npos; });
  for (int i = 0; i < 3; ++i) {
    auto sentinel = std::make_unique<RedisServer>(std::vector<std::string>{});
    sentinel->kill();
    // Sentinels keep their state in the file of their configuration.
    std::ofstream(sentinel->directory() + "/sentinel.conf") << "sentinel monitor main 127.0.0.1 " << port << " 2\n"
                                                            << "sentinel down-after-milliseconds main 500\n"
                                                            << "sentinel failover-timeout main 5000\n";
    sentinel->use_options({sentinel->directory() + "/sentinel.conf", "--sentinel"});
    sentinel->start();
    sentinels_.push_back(std::move(sentinel));
  }
  for (const auto& sentinel : sentinels_)
    wait_until("the sentinels to see each other and the replica", [&sentinel] {
      return tell(*sentinel, {"SENTINEL", "SENTINELS", "main"}).elements.size() == 2 &&
             tell(*sentinel, {"SENTINEL", "REPLICAS", "main"}).elements.size() == 1 &&
             tell(*sentinel, {"SENTINEL", "CKQUORUM", "main"}).text.starts_with("OK 3");
    });
}

std::string RedisSentinels::url() const {
  std::string servers;
  for (const auto& sentinel : sentinels_) servers += (servers.empty() ? "" : ",") + address_of(*sentinel);
  return "redis+sentinel://" + servers + "/main";
}

void RedisSentinels::fail_over() {
  wait_until("a failover to begin", [this] { return tell(*sentinels_[0], {"SENTINEL", "FAILOVER", "main"}).text == "OK"; });
}

void RedisSentinels::wait_for_master(const RedisServer& wanted) const {
  const std::string port = std::to_string(wanted.port());
  for (const auto& sentinel : sentinels_)
    wait_until("the sentinels to agree", [&] {
      const auto master = tell(*sentinel, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
      return master.elements.size() == 2 && master.elements[1].text == port;
    });
}

}  // namespace mailweir

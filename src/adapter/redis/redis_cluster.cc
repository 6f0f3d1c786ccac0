// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_cluster.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>

#include "base/blocking.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr int most_tries = 8;  // of one call: redirections, and waits for a key that is on its way
constexpr std::chrono::milliseconds moving_pause{5};
constexpr std::size_t most_nodes = 1000;  // that are remembered, beyond those that have slots

constexpr std::array<std::uint16_t, 256> crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

using NodePtr = std::shared_ptr<RedisNode>;

class ClusterRoute final : public RedisRoute {
 public:
  ClusterRoute(const RedisUrl& url, std::size_t connections) : url_(url), connections_(connections) {}

  Result<RedisReply> run(const RedisCall& call, unsigned slot, Deadline deadline) override {
    const auto ask = [&](RedisNode& node, bool asking) { return node.run(call, asking, deadline); };
    return ask_owner(slot, ask, deadline);
  }
  Result<RedisReply> command(const std::vector<std::string_view>& words, unsigned slot, Deadline deadline) override {
    const auto ask = [&](RedisNode& node, bool asking) { return node.command(words, deadline, asking); };
    return ask_owner(slot, ask, deadline);
  }

  Result<std::vector<NodePtr>> masters(Deadline deadline) override {
    if (auto known = know(deadline); !known) return known.error();
    return map_.with([](const Map& map) {
      std::vector<NodePtr> all;
      for (const NodePtr& node : map.owners) {
        if (node && std::find(all.begin(), all.end(), node) == all.end()) all.push_back(node);
      }
      return all;
    });
  }

  Result<std::vector<unsigned>> sample_slots(Deadline deadline) override {
    const auto nodes = masters(deadline);
    if (!nodes) return nodes.error();
    return map_.with([&](const Map& map) {
      std::vector<unsigned> slots;
      for (const NodePtr& node : *nodes)
        slots.push_back(
            static_cast<unsigned>(std::find(map.owners.begin(), map.owners.end(), node) - map.owners.begin()));
      return slots;
    });
  }

  bool splits() const override { return true; }

  std::string where() const override {
    return map_.with([](const Map& map) {
      std::string names;
      const RedisNode* before = nullptr;
      for (const NodePtr& node : map.owners) {
        if (node && node.get() != before && names.find(node->name()) == names.npos)
          names += (names.empty() ? "" : ", ") + node->name();
        before = node.get();
      }
      return names;
    });
  }
  std::uint64_t connects() const override {
    return map_.with([](const Map& map) {
      std::uint64_t sum = 0;
      for (const auto& [name, node] : map.nodes) sum += node->connects();
      return sum;
    });
  }

 private:
  struct Map {
    std::vector<NodePtr> owners{cluster_slots};
    std::map<std::string, NodePtr> nodes;  // all that were ever named, by name
    bool trusted = false;
  };

  template <typename Run>
  Result<RedisReply> ask_owner(unsigned slot, Run run, Deadline deadline) {
    NodePtr node, sent_to;
    bool asking = false, learnt = false;
    for (int tries = 0;; ++tries) {
      if (sent_to == nullptr) {
        auto owner = owner_of(slot, deadline);
        if (!owner) return owner.error();
        node = *std::move(owner);
      } else {
        node = std::exchange(sent_to, nullptr);
      }
      RedisAnswer answer = run(*node, std::exchange(asking, false));
      if (answer.reply && !answer.is_error()) return std::move(answer.reply);
      const bool last = tries + 1 >= most_tries || deadline.over();
      if (!answer.reply) {
        doubt();
        // Connecting failed, nothing was sent: perhaps a replica has taken over.
        if (answer.sent || learnt || last) return answer.reply;
        learnt = true;
        continue;
      }
      const bool moved = answer.is("MOVED "), ask = answer.is("ASK "), try_again = answer.is("TRYAGAIN");
      if (last || (!moved && !ask && !try_again)) {
        if (answer.is("CLUSTERDOWN")) doubt();
        return node->named(to_error(*answer.reply));
      }
      if (try_again && deadline.left() <= 2 * moving_pause) return node->named(to_error(*answer.reply));
      if (try_again) {
        wait_until(Deadline(std::min(Deadline::in(moving_pause).at(), deadline.at())));
        continue;
      }
      sent_to = node_named_in(answer.reply->text, *node);
      if (sent_to == nullptr)
        return node->named(Error{"invalid redirection: " + cleaned(answer.reply->text, true, 80), true});
      asking = ask;
      if (moved) moved_to(slot, sent_to);
    }
  }

  void doubt() {
    map_.with([](Map& map) { map.trusted = false; });
  }
  bool trusted() const {
    return map_.with([](const Map& map) { return map.trusted; });
  }

  Result<NodePtr> owner_of(unsigned slot, Deadline deadline) {
    if (auto known = know(deadline); !known) return known.error();
    NodePtr node = map_.with([slot](const Map& map) { return map.owners[slot]; });
    if (node) return node;
    doubt();
    return Error{url_.to_string() + ": no server of the cluster serves slot " + std::to_string(slot) +
                     ": see CLUSTER INFO there",
                 true};
  }

  NodePtr node_at(const SocketName& server) {
    const RedisUrl url = url_.at(server);
    return map_.with([&](Map& map) {
      if (map.nodes.size() >= most_nodes)
        std::erase_if(map.nodes, [&](const auto& one) {
          return std::find(map.owners.begin(), map.owners.end(), one.second) == map.owners.end();
        });
      NodePtr& node = map.nodes[url.to_string()];
      if (!node) node = std::make_shared<RedisNode>(url, connections_);
      return node;
    });
  }

  // "MOVED 3999 127.0.0.1:6381"; an empty host is the one who says it.
  NodePtr node_named_in(const std::string& text, const RedisNode& speaker) {
    const auto parts = mailweir::words(text);
    if (parts.size() != 3) return nullptr;
    const auto colon = parts[2].rfind(':');
    const auto port = colon == parts[2].npos ? std::nullopt : to_number(parts[2].substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return nullptr;
    return node_at(server_at(std::string(parts[2].substr(0, colon)), static_cast<std::uint16_t>(*port), speaker));
  }
  static SocketName server_at(std::string host, std::uint16_t port, const RedisNode& speaker) {
    if (host.empty() || host == "?") host = speaker.host();
    return {.kind = SocketName::Kind::inet, .path = {}, .host = std::move(host), .port = port};
  }

  void moved_to(unsigned slot, const NodePtr& node) {
    map_.with([&](Map& map) {
      map.owners[slot] = node;
      map.trusted = false;  // more will have moved; the next call learns them all
    });
  }

  Result<void> know(Deadline deadline) {
    if (trusted()) return {};
    Result<void> known;
    if (!run_blocking(deadline, [&] { known = find_out(deadline); }))
      return Error{url_.to_string() + ": its servers were not asked, no thread was free in time", true};
    return known;
  }

  Result<void> find_out(Deadline deadline) {
    const std::unique_lock one_at_a_time(learning_, deadline.at());
    if (!one_at_a_time) return Error{url_.to_string() + ": its servers do not answer in time", true};
    if (trusted()) return {};
    std::vector<NodePtr> asked;
    for (const SocketName& server : url_.servers) asked.push_back(node_at(server));
    map_.with([&](const Map& map) {
      for (const auto& [name, node] : map.nodes) {
        if (std::find(asked.begin(), asked.end(), node) == asked.end()) asked.push_back(node);
      }
    });
    std::string troubles;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Deadline share = Deadline::in(deadline.left() / static_cast<int>(asked.size() - i));
      const RedisAnswer answer = asked[i]->command({"CLUSTER", "SLOTS"}, share);
      if (answer.reply && !answer.is_error() && learn(*answer.reply, *asked[i])) return {};
      if (troubles.size() > 400) continue;
      const Error error = !answer.reply       ? answer.reply.error()
                          : answer.is_error() ? asked[i]->named(to_error(*answer.reply))
                                              : asked[i]->named(Error{"it serves no slots yet", true});
      troubles += (troubles.empty() ? "" : "; ") + error.what;
    }
    return Error{troubles, true};
  }

  // CLUSTER SLOTS: [first, last, [host, port, ...], replicas...] for each range.
  bool learn(const RedisReply& reply, const RedisNode& speaker) {
    std::vector<NodePtr> owners(cluster_slots);
    bool any = false;
    for (const RedisReply& range : reply.elements) {
      if (range.elements.size() < 3 || range.elements[2].elements.size() < 2) return false;
      const auto first = range.elements[0].integer, last = range.elements[1].integer;
      const auto port = range.elements[2].elements[1].integer;
      if (first < 0 || last < first || last >= std::int64_t{cluster_slots} || port <= 0 || port > 65535) return false;
      const NodePtr node =
          node_at(server_at(range.elements[2].elements[0].text, static_cast<std::uint16_t>(port), speaker));
      std::fill(owners.begin() + first, owners.begin() + last + 1, node);
      any = true;
    }
    if (!any) return false;
    map_.with([&](Map& map) {
      map.owners.swap(owners);
      map.trusted = true;
    });
    return true;
  }

  const RedisUrl url_;
  const std::size_t connections_;
  Guarded<Map> map_;
  std::timed_mutex learning_;
};

}  // namespace

unsigned redis_slot(std::string_view key) {
  constexpr auto table = crc_table();
  if (const auto open = key.find('{'); open != key.npos) {
    const auto close = key.find('}', open + 1);
    if (close != key.npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  unsigned crc = 0;
  for (const char c : key) crc = (crc << 8 ^ table[(crc >> 8 ^ static_cast<unsigned char>(c)) & 0xff]) & 0xffff;
  return crc % cluster_slots;
}

std::unique_ptr<RedisRoute> make_cluster_route(const RedisUrl& url, std::size_t connections) {
  return std::make_unique<ClusterRoute>(url, connections);
}

}  // namespace mailweir

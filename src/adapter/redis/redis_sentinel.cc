// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_sentinel.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/blocking.h"
#include "base/text.h"

namespace mailweir {
namespace {

// The words of a server that is no master any more, or not yet. Older servers say them in the middle, behind the
// script's own trouble.
bool is_no_master(const RedisAnswer& answer) {
  return answer.is_error() && (answer.reply->text.find("READONLY") != std::string::npos || answer.is("MASTERDOWN"));
}

constexpr std::chrono::milliseconds look_every{100}, look_time{200}, look_again{1000};
constexpr std::chrono::seconds disbelief{30};

class SentinelRoute final : public RedisRoute {
 public:
  SentinelRoute(const RedisUrl& url, std::size_t connections) : url_(url), connections_(connections) {
    for (const SocketName& sentinel : url.servers) {
      sentinels_.emplace_back(url.at(sentinel));
      watched_.emplace_back(url.at(sentinel));
    }
  }
  ~SentinelRoute() override {
    {
      const std::lock_guard lock(watch_mutex_);
      over_ = true;
    }
    watch_wake_.notify_all();
    if (watcher_.joinable()) watcher_.join();
  }

  Result<RedisReply> run(const RedisCall& call, unsigned, Deadline deadline) override {
    return ask_master([&](RedisNode& node) { return node.run(call, false, deadline); }, deadline);
  }
  Result<RedisReply> command(const std::vector<std::string_view>& words, unsigned, Deadline deadline) override {
    return ask_master([&](RedisNode& node) { return node.command(words, deadline); }, deadline);
  }

  Result<std::vector<std::shared_ptr<RedisNode>>> masters(Deadline deadline) override {
    auto node = master(deadline);
    if (!node) return node.error();
    return std::vector{*std::move(node)};
  }
  std::string where() const override {
    return known_.with([](const Known& known) { return known.node ? known.node->name() : std::string(); });
  }
  std::uint64_t connects() const override {
    return known_.with([](const Known& known) { return known.earlier + (known.node ? known.node->connects() : 0); });
  }

 private:
  struct Sentinel {
    explicit Sentinel(RedisUrl where) : url(std::move(where)), hosts(url.socket().host) {}
    RedisUrl url;
    HostLookup hosts;
    // For the watcher: what it said last.
    std::unique_ptr<RedisConnection> connection{};
    std::optional<SocketName> said{};
    SteadyTime next_try{};
  };
  struct Known {
    std::shared_ptr<RedisNode> node;
    bool trusted = false;
    std::uint64_t earlier = 0;  // connections made to those before it
  };

  template <typename Ask>
  Result<RedisReply> ask_master(Ask ask, Deadline deadline) {
    for (bool again = false;; again = true) {
      auto node = master(deadline);
      if (!node) return node.error();
      RedisAnswer answer = ask(**node);
      if (answer.reply && !answer.is_error()) return std::move(answer.reply);
      const bool no_master = is_no_master(answer);
      if (!answer.is_error() || no_master) doubt(*node);
      if (again || (answer.sent && !no_master)) return outcome_of(**node, std::move(answer));
    }
  }

  std::shared_ptr<RedisNode> trusted() {
    return known_.with([](const Known& known) { return known.trusted ? known.node : nullptr; });
  }
  void doubt(const std::shared_ptr<RedisNode>& node) {
    known_.with([&](Known& known) {
      if (known.node == node) known.trusted = false;
    });
  }

  Result<std::shared_ptr<RedisNode>> master(Deadline deadline) {
    if (auto node = trusted()) return node;
    Result<std::shared_ptr<RedisNode>> found = Error{};
    if (!run_blocking(deadline, [&] { found = find_master(deadline); }))
      return Error{url_.to_string() + ": the sentinels were not asked, no thread was free in time", true};
    return found;
  }

  Result<std::shared_ptr<RedisNode>> find_master(Deadline deadline) {
    const std::unique_lock one_at_a_time(finding_, deadline.at());
    if (!one_at_a_time) return Error{url_.to_string() + ": the sentinels do not answer in time", true};
    if (auto node = trusted()) return node;
    const auto address = ask_sentinels(deadline);
    if (!address) return Error{url_.to_string() + ": " + address.error().what, true};
    auto node = check_role(node_at(*address), deadline);
    if (node && !watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
    return node;
  }

  Result<SocketName> ask_sentinels(Deadline deadline) {
    std::string troubles;
    std::optional<SocketName> before;
    for (std::size_t i = 0; i < sentinels_.size(); ++i) {
      const Deadline share = Deadline::in(deadline.left() / static_cast<int>(sentinels_.size() - i));
      Sentinel& sentinel = sentinels_[(first_ + i) % sentinels_.size()];
      auto address = ask(sentinel, share);
      if (address && is_superseded(*address)) {
        before = *address;
        continue;
      }
      if (address) {
        first_ = (first_ + i) % sentinels_.size();
        return address;
      }
      troubles += (troubles.empty() ? "" : "; ") + sentinel.url.to_string() + ": " + address.error().what;
    }
    if (before) return *before;  // no sentinel names another
    return Error{troubles, true};
  }

  Result<SocketName> ask(Sentinel& sentinel, Deadline deadline) {
    auto connection = RedisConnection::open(sentinel.url, sentinel.hosts, RedisConnection::Login::no, deadline);
    if (!connection) return connection.error();
    return ask(**connection, deadline);
  }
  Result<SocketName> ask(RedisConnection& connection, Deadline deadline) {
    const std::string_view question[] = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", url_.master};
    auto reply = connection.command(question, deadline);
    if (reply && reply->kind == RedisReply::Kind::error && reply->text.starts_with("NOAUTH") &&
        !url_.password.empty()) {
      std::vector<std::string_view> login{"AUTH", url_.password};
      if (!url_.user.empty()) login.insert(login.begin() + 1, url_.user);
      reply = connection.command(login, deadline);
      if (reply && reply->kind != RedisReply::Kind::error) reply = connection.command(question, deadline);
    }
    if (!reply) return reply.error();
    if (reply->kind == RedisReply::Kind::error) return to_error(*reply);
    if (reply->kind == RedisReply::Kind::nil)
      return Error{"this sentinel does not know the master \"" + cleaned(url_.master, true, 60) + '"', true};
    SocketName address{.kind = SocketName::Kind::inet, .path = {}, .host = {}};
    const auto port = reply->elements.size() == 2 ? to_number(reply->elements[1].text) : std::nullopt;
    if (!port || *port == 0 || *port > 65535) return Error{"it does not answer like a sentinel", true};
    address.host = reply->elements[0].text;
    address.port = static_cast<std::uint16_t>(*port);
    return address;
  }

  bool is_superseded(const SocketName& address) const {
    return url_.at(address).to_string() == superseded_ && std::chrono::steady_clock::now() < superseded_until_;
  }

  void watch() {
    std::unique_lock lock(watch_mutex_);
    while (!watch_wake_.wait_for(lock, look_every, [this] { return over_; })) {
      lock.unlock();
      for (Sentinel& sentinel : watched_) look_at(sentinel);
      lock.lock();
    }
  }

  // What one says first tells nothing: it may not have heard of a failover yet. What it says another time does.
  void look_at(Sentinel& sentinel) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < sentinel.next_try) return;
    const Deadline deadline(now + look_time);
    if (sentinel.connection == nullptr) {
      auto opened = RedisConnection::open(sentinel.url, sentinel.hosts, RedisConnection::Login::no, deadline);
      if (opened) sentinel.connection = std::move(*opened);
    }
    const auto address =
        sentinel.connection == nullptr ? Result<SocketName>(Error{}) : ask(*sentinel.connection, deadline);
    if (!address) {
      sentinel.connection.reset();
      sentinel.next_try = now + look_again;
      return;
    }
    const std::string name = url_.at(*address).to_string();
    if (!sentinel.said || url_.at(*sentinel.said).to_string() == name || follow(*address, name))
      sentinel.said = *address;
  }

  // Whether that is done with: there is no need to look again.
  bool follow(const SocketName& address, const std::string& name) {
    const std::unique_lock one_at_a_time(finding_, std::chrono::steady_clock::now() + look_time);
    if (!one_at_a_time) return false;
    const auto before = known_.with([](const Known& known) { return known.node; });
    if (before && before->name() == name) return true;
    const auto next = std::make_shared<RedisNode>(url_.at(address), connections_);
    const RedisAnswer role = next->command({"ROLE"}, Deadline::in(look_time));
    if (!role.reply || !says_master(role)) return false;
    known_.with([&](Known& known) {
      if (known.node) known.earlier += known.node->connects();
      known.node = next;
      known.trusted = true;
    });
    superseded_ = before ? before->name() : std::string();
    superseded_until_ = std::chrono::steady_clock::now() + disbelief;
    return true;
  }

  static bool says_master(const RedisAnswer& role) {
    return !role.is_error() && !role.reply->elements.empty() && role.reply->elements[0].text == "master";
  }

  // The same node as before when it is the same server: its connections stay.
  std::shared_ptr<RedisNode> node_at(const SocketName& address) {
    const RedisUrl url = url_.at(address);
    return known_.with([&](Known& known) {
      if (known.node && known.node->name() == url.to_string()) return known.node;
      if (known.node) known.earlier += known.node->connects();
      known.node = std::make_shared<RedisNode>(url, connections_);
      known.trusted = false;
      return known.node;
    });
  }

  // In the middle of a failover the sentinels may name one that does not know yet.
  Result<std::shared_ptr<RedisNode>> check_role(const std::shared_ptr<RedisNode>& node, Deadline deadline) {
    const RedisAnswer answer = node->command({"ROLE"}, deadline);
    if (!answer.reply) return answer.reply.error();
    if (answer.is_error()) return node->named(to_error(*answer.reply));
    if (!says_master(answer))
      return node->named(Error{"the sentinels name it, but it is still a replica: wait for the failover to end", true});
    known_.with([&](Known& known) { known.trusted = known.node == node; });
    return node;
  }

  const RedisUrl url_;
  const std::size_t connections_;
  Guarded<Known> known_;
  std::timed_mutex finding_;  // guards what follows
  std::deque<Sentinel> sentinels_;
  std::size_t first_ = 0;   // the one that answered last
  std::string superseded_;  // the name of the master before
  SteadyTime superseded_until_{};

  std::deque<Sentinel> watched_;  // the watcher's
  std::mutex watch_mutex_;        // guards over_
  std::condition_variable watch_wake_;
  bool over_ = false;
  std::thread watcher_;  // from the first master on
};

}  // namespace

std::unique_ptr<RedisRoute> make_sentinel_route(const RedisUrl& url, std::size_t connections) {
  return std::make_unique<SentinelRoute>(url, connections);
}

}  // namespace mailweir

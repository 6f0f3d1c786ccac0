// SPDX-License-Identifier: BSD-2-Clause
// Charges from many connections that one loop serves, in one pipeline to a real Redis, and to one that is none.
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <doctest/doctest.h>

#include "../fixture/counter_cases.h"
#include "../fixture/redis_server.h"
#include "adapter/counters/redis_counters.h"
#include "adapter/redis/redis_connection.h"
#include "base/stream_server.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// "charge 200": one charge with that deadline in milliseconds; the answer is the count, "over" or the error.
class Asker final : public Conversation {
 public:
  explicit Asker(RedisCounters& store) : store_(store) {}
  bool received(std::string_view bytes, Output& out) override {
    const Charge one = ring_charge("quota", "alice", {{1'000'000, 3'600s}});
    const auto deadline = Deadline::in(std::chrono::milliseconds(std::stoi(std::string(bytes))));
    const auto charged = store_.charge({&one, 1}, deadline);
    if (!charged) out.buffer() += charged.error().what;
    else out.buffer() += charged->taken ? std::to_string(charged->levels[0].count) : "over";
    return true;
  }
  void closed(std::string_view) override {}
  std::chrono::milliseconds patience() const override { return 60s; }
  bool silent(Output&) override { return false; }

 private:
  RedisCounters& store_;
};

struct Door {
  explicit Door(const std::string& url, std::size_t connections = 8) {
    auto made = make_redis_counters({.url = url, .connections = connections});
    REQUIRE(made);
    store = std::move(*made);
    name.path = "/tmp/mailweir-pipeline-" + std::to_string(getpid());
    auto listener = listen_on(name, {}, 512);
    REQUIRE(listener);
    server = std::make_unique<StreamServer>("test", std::move(*listener), StreamLimits{}, clock, log,
                                            [this] { return std::make_unique<Asker>(*store); });
    server->start();
  }
  ~Door() {
    server.reset();
    unlink(name.path.c_str());
  }
  std::vector<Fd> connect(int count) {
    std::vector<Fd> all;
    for (int i = 0; i < count; ++i) {
      auto one = connect_to(name, soon());
      REQUIRE(one);
      all.push_back(std::move(*one));
    }
    return all;
  }

  SystemClock clock;
  NullLog log;
  SocketName name;
  std::unique_ptr<RedisCounters> store;
  std::unique_ptr<StreamServer> server;
};

void say(const Fd& connection, const std::string& text) {
  REQUIRE(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}
std::string hear(const Fd& connection) {
  pollfd one{connection.get(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, 20'000) == 1);
  char room[1024];
  const auto got = ::recv(connection.get(), room, sizeof room, 0);
  return got > 0 ? std::string(room, static_cast<std::size_t>(got)) : std::string("closed");
}
bool is_number(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }
bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// All ask at once and hear; how many were counted. `error`: what the others say.
std::size_t round_of(const std::vector<Fd>& all, const std::string& deadline, std::string_view error = {}) {
  for (const Fd& one : all) say(one, deadline);
  std::size_t counted = 0;
  for (const Fd& one : all) {
    const std::string answer = hear(one);
    CAPTURE(answer);
    if (is_number(answer)) ++counted;
    else if (error.empty()) FAIL_CHECK(answer);
    else CHECK(has(answer, error));
  }
  return counted;
}

RedisReply redis_says(const RedisServer& redis, const std::vector<std::string_view>& words) {
  const auto url = RedisUrl::parse(redis.url());
  REQUIRE(url);
  HostLookup hosts(url->socket().host);
  const auto connection = RedisConnection::open(*url, hosts, RedisConnection::Login::yes, soon());
  REQUIRE(connection);
  auto reply = (*connection)->command(words, soon());
  REQUIRE(reply);
  return *reply;
}
std::size_t counted_by(const RedisServer& redis) {
  return std::stoul(redis_says(redis, {"HGET", "mw:{quota|alice}:3600", "t"}).text);
}

TEST_CASE("redis pipeline: each of many gets its own answer, and no thread waits") {
  if (no_redis()) return;
  const RedisServer redis;
  Door door(redis.url());
  const auto all = door.connect(60);
  for (int i = 0; i < 3; ++i) round_of(all, "20000");  // now every loop has its connection
  const auto threads = door.server->pool_threads();
  std::size_t sum = 3 * all.size();
  for (int i = 0; i < 50; ++i) sum += round_of(all, "20000");
  CHECK(sum == 53 * all.size());
  CHECK(counted_by(redis) == sum);
  CHECK(door.server->pool_threads() == threads);
  CHECK(door.store->connects() <= 8 + std::thread::hardware_concurrency());
  CHECK(door.store->stats().errors == 0);

  // Lost scripts and connections closed while idle cost no call anything.
  redis_says(redis, {"SCRIPT", "FLUSH"});
  sum += round_of(all, "20000");
  redis_says(redis, {"CLIENT", "KILL", "TYPE", "normal"});
  sum += round_of(all, "20000");
  CHECK(sum == 55 * all.size());
  CHECK(counted_by(redis) == sum);
  CHECK(door.store->stats().errors == 0);
}

TEST_CASE("redis pipeline: a server that stops, and goes on") {
  if (no_redis()) return;
  const RedisServer redis;
  Door door(redis.url());
  const auto all = door.connect(40);
  for (int i = 0; i < 3; ++i) round_of(all, "20000");
  redis.signal(SIGSTOP);
  CHECK(round_of(all, "200", "no answer in time") == 0);
  redis.signal(SIGCONT);
  const std::size_t sum = 3 * all.size() + round_of(all, "20000");
  CHECK(sum == 4 * all.size());
  CHECK(counted_by(redis) >= sum);
  CHECK(counted_by(redis) <= sum + all.size());  // none was sent twice
}

TEST_CASE("redis pipeline: killed and started again") {
  if (no_redis()) return;
  RedisServer redis;
  Door door(redis.url());
  const auto all = door.connect(40);
  for (int i = 0; i < 3; ++i) round_of(all, "20000");
  redis.kill();
  CHECK(round_of(all, "2000", "cannot connect") == 0);
  redis.start();
  CHECK(round_of(all, "20000") == all.size());
  CHECK(counted_by(redis) == all.size());
}

TEST_CASE("redis pipeline: what a server refuses") {
  if (no_redis()) return;
  const RedisServer redis;
  Door door(redis.url());
  const auto all = door.connect(30);
  for (int i = 0; i < 3; ++i) round_of(all, "20000");
  redis_says(redis, {"REPLICAOF", "127.0.0.1", "1"});
  CHECK(round_of(all, "20000", "name the primary") == 0);
  redis_says(redis, {"REPLICAOF", "NO", "ONE"});
  CHECK(round_of(all, "20000") == all.size());
  CHECK(counted_by(redis) == 4 * all.size());
}

// A server that answers SCRIPT LOAD, TIME and the first EVALSHA well; then, on each connection, what the row says.
TEST_CASE("redis pipeline: a server that is none") {
  struct Row {
    std::string name, says;
    const char* error;
    bool hangs_up = false;
  };
  const std::string counted = "*5\r\n:1\r\n:0\r\n:0\r\n:0\r\n:1700000000000\r\n";
  const Row rows[] = {
      {"http", "HTTP/1.1 400 Bad Request\r\n\r\n", "connection lost: Protocol error"},
      {"silence", "", "no answer in time"},
      {"half an answer, then it hangs up", "*5\r\n:1\r\n:", "connection lost", true},
      {"half an answer", "*5\r\n:1\r\n:", "no answer in time"},
      {"the answer of another command", "+OK\r\n", "unexpected answer to our script"},
      {"more answers than questions", counted + counted, ""},
      {"loading", "-LOADING Redis is loading the dataset in memory\r\n", "it is loading its data: wait"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string path = "/tmp/mailweir-fake-pipeline-" + std::to_string(getpid());
    auto listener = listen_on({.kind = SocketName::Kind::unix_path, .path = path, .host = {}}, {}, 4);
    REQUIRE(listener);
    std::thread fake([&] {
      const Fd client(accept(listener->get(), nullptr, nullptr));
      char command[65536];
      for (const std::string& says :
           {std::string("$2\r\nid\r\n"), std::string("*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n"), counted, row.says}) {
        if (read(client.get(), command, sizeof command) <= 0) return;
        if (write(client.get(), says.data(), says.size()) < 0) return;
      }
      if (row.hangs_up) return;
      while (read(client.get(), command, sizeof command) > 0) continue;
    });
    {
      Door door("redis+unix:" + path);
      const auto one = door.connect(1);
      CHECK(round_of(one, "20000") == 1);
      const auto threads = door.server->pool_threads();
      say(one[0], "200");
      CHECK(has(hear(one[0]), row.error));
      CHECK(door.server->pool_threads() == threads);
    }
    fake.join();
    unlink(path.c_str());
  }
}

}  // namespace
}  // namespace mailweir

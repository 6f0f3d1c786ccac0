// SPDX-License-Identifier: BSD-2-Clause
// The counter store on a real Redis.
#include <doctest/doctest.h>

#include <array>
#include <thread>

#include <sys/socket.h>
#include <csignal>

#include "../fixture/counter_cases.h"
#include "../fixture/redis_server.h"
#include "adapter/counters/memory_counters.h"
#include "adapter/counters/redis_counters.h"
#include "adapter/redis/redis_connection.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

// One server for all tests that do not break it; each store has a prefix of its own.
RedisServer& server() {
  static RedisServer one;
  return one;
}

std::string fresh_prefix() {
  static int number = 0;
  return "test*[" + std::to_string(++number) + "]:";
}

std::unique_ptr<CounterStore> on_test_clock(const Clock& clock) {
  auto store = make_redis_counters({.url = server().url(), .prefix = fresh_prefix(), .test_clock = &clock});
  REQUIRE(store);
  return std::move(*store);
}
std::unique_ptr<CounterStore> on_server_clock(const Clock&) {
  auto store = make_redis_counters({.url = server().url(), .prefix = fresh_prefix(), .connections = 4});
  REQUIRE(store);
  return std::move(*store);
}
std::unique_ptr<RedisCounters> store_at(const std::string& url, std::size_t connections = 8) {
  auto store = make_redis_counters({.url = url, .connections = connections});
  REQUIRE(store);
  return std::move(*store);
}

// Says a command to a server as redis-cli would.
RedisReply say(const std::string& url, const std::vector<std::string_view>& words) {
  const auto parsed = RedisUrl::parse(url);
  REQUIRE(parsed);
  HostLookup hosts(parsed->socket().host);
  const auto connection = RedisConnection::open(*parsed, hosts, RedisConnection::Login::yes, soon());
  if (!connection) FAIL(connection.error().what);
  auto reply = (*connection)->command(words, soon());
  REQUIRE(reply);
  return *reply;
}

std::string error_of(CounterStore& store, Deadline deadline = soon()) {
  const Charge one = ring_charge("quota", "alice", {{3, 3'600s}});
  const auto charged = store.charge({&one, 1}, deadline);
  if (charged) return "";
  CHECK(charged.error().temporary);
  return charged.error().what;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

// The daemon does the same: a server that hangs up is an error, not the end.
[[maybe_unused]] const auto no_signal = std::signal(SIGPIPE, SIG_IGN);

const Charge quota = ring_charge("quota", "alice", {{3, 3'600s}});

}  // namespace

TEST_CASE("redis counters: the table of all stores") {
  if (no_redis()) return;
  check_counter_table(on_test_clock);
}
TEST_CASE("redis counters: never over in any period, no refusal without cause") {
  if (no_redis()) return;
  check_exact_model(on_test_clock, 10'000);
}
TEST_CASE("redis counters: threads") {
  if (no_redis()) return;
  check_threads(on_server_clock);
}
TEST_CASE("redis counters: lists") {
  if (no_redis()) return;
  check_lists(on_test_clock);
}
TEST_CASE("redis counters: blocks") {
  if (no_redis()) return;
  check_blocks(on_test_clock);
}
TEST_CASE("redis counters: values") {
  if (no_redis()) return;
  check_values(on_test_clock);
}
TEST_CASE("redis counters: bad charges") {
  if (no_redis()) return;
  check_bad_charges(on_test_clock);
}

TEST_CASE("redis counters: the same answers as memory, call by call") {
  if (no_redis()) return;
  check_same_answers([](const Clock& clock) { return make_memory_counters({}, clock); }, on_test_clock, 20'000);
}

TEST_CASE("redis counters: one command for all limits of a call, keys that expire") {
  if (no_redis()) return;
  const RedisServer redis;
  const auto store = store_at(redis.url());
  const std::vector<Charge> charges = {ring_charge("quota", "alice", {{3, 30s}, {9, 60s}}),
                                       ring_charge("customer", "c", {{9, 30s}}),
                                       lease_charge("open", "192.0.2.1", 5, "m1")};
  REQUIRE(store->charge(charges, soon()));
  CHECK(store->connects() == 1);
  const auto expiry = [&](std::string_view key) { return say(redis.url(), {"PTTL", key}).integer; };
  CHECK(expiry("mw:{quota|alice}:30") > 20'000);
  CHECK(expiry("mw:{quota|alice}:30") <= 31'000);
  CHECK(expiry("mw:{quota|alice}:60") > 50'000);
  CHECK(expiry("mw:{quota|alice}:60") <= 62'000);
  CHECK(expiry("mw:{open|192.0.2.1}:0") > 80'000);
  CHECK(expiry("mw:{open|192.0.2.1}:0") <= 91'000);
  CHECK(say(redis.url(), {"DBSIZE"}).integer == 4);

  say(redis.url(), {"CONFIG", "RESETSTAT"});
  REQUIRE(store->charge(charges, soon()));
  const auto charged = store->charge(charges, soon());
  REQUIRE(charged);
  REQUIRE(store->give_back(charges, charged->receipt, soon()));
  const std::string commands = say(redis.url(), {"INFO", "commandstats"}).text;
  CHECK(has(commands, "cmdstat_evalsha:calls=3,"));
  CHECK_FALSE(has(commands, "cmdstat_eval:"));
  CHECK_FALSE(has(commands, "cmdstat_script"));
  CHECK(store->connects() == 1);

  say(redis.url(), {"SCRIPT", "FLUSH"});
  const auto after = store->charge(charges, soon());
  REQUIRE(after);
  CHECK(after->levels[0].count == 3);  // the flush cost nothing and counted nothing twice
  CHECK(store->stats().charges == 4);
  CHECK(store->stats().errors == 0);
  // A second node sees the same counters.
  const auto node = store_at(redis.tcp_url("localhost"));
  const auto other = node->charge({charges.data(), 1}, soon());
  REQUIRE(other);
  CHECK_FALSE(other->taken);
  CHECK(node->stats().refused == 1);
}

TEST_CASE("redis counters: many leases are renewed") {
  if (no_redis()) return;
  const auto store = on_server_clock(SystemClock());
  std::vector<Charge> leases;
  for (int i = 0; i < 1'000; ++i) {
    const std::string client = "192.0.2." + std::to_string(i % 250);
    leases.push_back(lease_charge("open", client, 9, "m" + std::to_string(i)));
  }
  REQUIRE(store->renew(leases, soon()));
  const auto rows = store->list({.limit = "open", .key = "192.0.2.7"}, soon());
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().count == 4);
}

TEST_CASE("redis counters: passwords, users, databases") {
  if (no_redis()) return;
  const RedisServer redis({"--requirepass", "s3cret"});
  const std::string login = "redis://:s3cret@127.0.0.1:" + std::to_string(redis.port());
  say(login, {"ACL", "SETUSER", "mail", "on", ">m@il/1", "~mw:*", "+@all"});
  say(login, {"ACL", "SETUSER", "weak", "on", ">w", "~mw:*", "+ping"});
  struct Row {
    std::string url;
    const char* error;  // nullptr: works
  };
  const std::string at = "127.0.0.1:" + std::to_string(redis.port());
  const Row rows[] = {
      {"redis://" + at, "add it to the URL"},
      {"redis://:wrong@" + at, "the user or the password is wrong"},
      {"redis://nobody:s3cret@" + at, "the user or the password is wrong"},
      {"redis://:s3cret@" + at + "/99", "it has no such database"},
      {"redis://weak:w@" + at, "needs the right to"},
      {"redis://:s3cret@" + at + "/3", nullptr},
      {"redis://mail:m%40il%2F1@" + at, nullptr},
      {redis.url() + "?password=s3cret&db=2", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    const auto store = store_at(row.url);
    const std::string error = error_of(*store);
    CHECK(has(error, row.error == nullptr ? "" : row.error));
    CHECK(error.empty() == (row.error == nullptr));
    if (row.error != nullptr) CHECK(has(error, "redis://127.0.0.1"));
    CHECK_FALSE(has(error, "s3cret"));
  }
  CHECK(say(login + "/3", {"DBSIZE"}).integer == 1);
  CHECK(say(login + "/2", {"DBSIZE"}).integer == 1);
}

TEST_CASE("redis counters: a server that takes no writes, all or none") {
  if (no_redis()) return;
  RedisServer redis;
  const auto store = store_at(redis.url());
  CHECK(error_of(*store) == "");
  say(redis.url(), {"CONFIG", "SET", "maxmemory", "1"});
  const Charge pair[] = {quota, ring_charge("customer", "new", {{9, 3'600s}})};
  const auto full = store->charge(pair, soon());
  REQUIRE_FALSE(full);
  CHECK(has(full.error().what, "raise maxmemory"));
  say(redis.url(), {"CONFIG", "SET", "maxmemory", "0"});
  CHECK(store->charge({&quota, 1}, soon())->levels[0].count == 2);  // the failed call counted nothing
  say(redis.url(), {"REPLICAOF", "127.0.0.1", "1"});
  CHECK(has(error_of(*store), "name the primary"));
  say(redis.url(), {"REPLICAOF", "NO", "ONE"});
  CHECK(store->charge({&quota, 1}, soon())->levels[0].count == 3);
  say(redis.url(), {"SET", "mw:{other|x}:3600", "text"});
  const Charge other = ring_charge("other", "x", {{3, 3'600s}});
  CHECK(has(store->charge({&other, 1}, soon()).error().what, "choose another prefix"));
  CHECK(store->stats().errors == 3);
}

TEST_CASE("redis counters: killed and started again") {
  if (no_redis()) return;
  RedisServer redis;
  for (const std::string& url : {redis.url(), redis.tcp_url()}) {
    CAPTURE(url);
    const auto store = store_at(url);
    CHECK(error_of(*store) == "");
    redis.kill();
    const std::string error = error_of(*store, Deadline::in(20s));
    CHECK(has(error, "cannot connect"));
    CHECK(has(error, url));
    redis.start();
    CHECK(error_of(*store) == "");  // and the script is known again
    CHECK(store->connects() == 2);
  }
}

TEST_CASE("redis counters: a server that has lost all that it had") {
  if (no_redis()) return;
  RedisServer redis;
  const auto store = store_at(redis.url());
  const auto lost = [&] {
    const auto found = store->has_lost_all(soon());
    return found ? std::string(*found ? "lost" : "kept") : found.error().what;
  };
  CHECK(lost() == "kept");  // never asked before
  CHECK(error_of(*store) == "");
  CHECK(lost() == "kept");
  say(redis.url(), {"FLUSHALL"});
  CHECK(lost() == "lost");
  CHECK(lost() == "kept");  // said once
  redis.kill();
  CHECK(has(lost(), "cannot connect"));
  redis.start();  // without its data
  CHECK(lost() == "lost");
  CHECK(lost() == "kept");
}

TEST_CASE("redis counters: stopped: an error at the deadline, nothing tried twice") {
  if (no_redis()) return;
  RedisServer redis;
  const auto store = store_at(redis.url(), 1);
  CHECK(error_of(*store) == "");
  redis.signal(SIGSTOP);
  const Deadline until = Deadline::in(200ms);
  CHECK(has(error_of(*store, until), "no answer in time"));
  CHECK(until.left() < 5ms);  // not before: poll(2) rounds
  CHECK(has(error_of(*store, Deadline::in(100ms)),
            "no answer in time"));  // on a connection of its own, not answered either
  std::thread other([&] { CHECK(has(error_of(*store, Deadline::in(2s)), "no answer in time")); });
  while (store->connects() < 3) std::this_thread::yield();
  CHECK(has(error_of(*store, Deadline::in(50ms)), "all 1 connections are in use"));
  CHECK(has(error_of(*store, Deadline()), "no time was left"));
  other.join();
  redis.signal(SIGCONT);
  const Charge ask = ring_charge("quota", "alice", {{100, 3'600s}}, 0);
  const auto after = store->charge({&ask, 1}, soon());
  REQUIRE(after);
  // What it came to after our deadline it has not counted, and no late answer was taken for this one.
  CHECK(after->levels[0].count == 1);
}

TEST_CASE("redis counters: a server that is none") {
  struct Row {
    std::string name;
    std::string says;
    const char* error;
    std::chrono::milliseconds deadline = 20s;
    bool hangs_up = false;
  };
  const Row rows[] = {
      {"http", "HTTP/1.1 400 Bad Request\r\n\r\n", "connection lost: Protocol error"},
      {"silence", "", "no answer in time", 200ms},
      {"half an answer, then it hangs up", "$40\r\n0123456789", "connection lost: Server closed the connection", 20s,
       true},
      {"half an answer", "$40\r\n0123456789", "no answer in time", 200ms},
      {"the answer of another command", "+OK\r\n", "unexpected answer to our script"},
      {"an array of nothing", "*0\r\n", "unexpected answer to our script"},
      {"a bulk too large", "$99999999999999999999\r\n", "connection lost"},
      {"loading", "-LOADING Redis is loading the dataset in memory\r\n", "it is loading its data: wait"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string path = "/tmp/mailweir-fake-" + std::to_string(getpid());
    const SocketName name{.kind = SocketName::Kind::unix_path, .path = path, .host = {}};
    auto listener = listen_on(name, {}, 4);
    REQUIRE(listener);
    std::thread fake([&] {
      const Fd client(accept(listener->get(), nullptr, nullptr));
      char command[65536];
      for (int answers = 0; answers < 3;
           ++answers) {  // SCRIPT LOAD, TIME, then EVALSHA; then it hangs up when the client does
        if (read(client.get(), command, sizeof command) <= 0) return;
        if (write(client.get(), row.says.data(), row.says.size()) < 0 || row.hangs_up) return;
      }
      while (read(client.get(), command, sizeof command) > 0) continue;
    });
    CHECK(has(error_of(*store_at("redis+unix:" + path), Deadline::in(row.deadline)), row.error));
    fake.join();
    unlink(path.c_str());
  }
}

TEST_CASE("redis counters: names of hosts") {
  CHECK(has(error_of(*store_at("redis://no..name:1")), "host no..name"));
  HostLookup localhost("localhost"), address("2001:db8::1");
  const auto found = localhost.addresses(soon());
  REQUIRE(found);
  CHECK_FALSE(found->empty());
  CHECK(*address.addresses(Deadline()) == std::vector<std::string>{"2001:db8::1"});
}

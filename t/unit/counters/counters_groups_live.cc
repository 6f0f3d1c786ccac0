// SPDX-License-Identifier: BSD-2-Clause
// The counter store on Redis servers that belong together: sentinels, a cluster; and on one that has trouble.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <csignal>

#include "../fixture/counter_cases.h"
#include "../fixture/redis_group.h"
#include "adapter/counters/fallback_counters.h"
#include "adapter/counters/memory_counters.h"
#include "adapter/counters/redis_counters.h"
#include "adapter/redis/redis_cluster.h"
#include "adapter/redis/redis_key.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

[[maybe_unused]] const auto no_signal = std::signal(SIGPIPE, SIG_IGN);

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::unique_ptr<RedisCounters> store_at(const std::string& url,
                                        const std::string& prefix = "mw:", const Clock* clock = nullptr) {
  auto store = make_redis_counters({.url = url, .prefix = prefix, .test_clock = clock});
  if (!store) FAIL(store.error().what);
  return std::move(*store);
}

Charge asking(Charge charge) {
  charge.amount = 0;
  return charge;
}
std::uint64_t total_of(CounterStore& store, const Charge& charge) {
  const Charge ask = asking(charge);
  const auto asked = store.charge({&ask, 1}, soon());
  if (!asked) FAIL(asked.error().what);
  return asked->totals.front();
}

RedisCluster& cluster() {
  static RedisCluster one;
  return one;
}

// A key of the limit whose slot a node of the cluster owns.
std::string key_on(std::size_t node, const std::string& limit) {
  for (int number = 0;; ++number) {
    const std::string key = "key" + std::to_string(number);
    if (cluster().owner_of(redis_slot(redis_key::name_of("mw:", limit, key))) == node) return key;
  }
}

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    all_.emplace_back(line);
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> all_;
};

const Charge quota = ring_charge("quota", "alice", {{5, 3'600s}});

}  // namespace

TEST_CASE("redis cluster: slots") {
  struct Row {
    const char* key;
    unsigned want;  // as CLUSTER KEYSLOT says
  };
  const Row rows[] = {{"123456789", 0x31c3},
                      {"{user1000}.following", 3443},
                      {"user1000", 3443},
                      {"foo{}{bar}", 8363},
                      {"foo{{bar}}zap", 4015},
                      {"foo{bar}{zap}", 5061},
                      {"", 0}};
  for (const Row& row : rows) {
    CAPTURE(row.key);
    CHECK(redis_slot(row.key) == row.want);
  }
  if (no_redis()) return;
  for (const Row& row : rows) CHECK(tell(cluster().node(0), {"CLUSTER", "KEYSLOT", row.key}).integer == row.want);
}

TEST_CASE("redis cluster: the table of all stores") {
  if (no_redis()) return;
  int number = 0;
  check_counter_table([&number](const Clock& clock) {
    return store_at(cluster().url(), "t" + std::to_string(++number) + ":", &clock);
  });
  check_values([&number](const Clock& clock) {
    return store_at(cluster().url(), "v" + std::to_string(++number) + ":", &clock);
  });
  check_lists([&number](const Clock& clock) {
    return store_at(cluster().url(), "t" + std::to_string(++number) + ":", &clock);
  });
}

TEST_CASE("redis cluster: a charge of several slots is all or none") {
  if (no_redis()) return;
  const auto store = store_at(cluster().url());
  const Charge a = ring_charge("one", key_on(0, "one"), {{5, 3'600s}}),
               b = ring_charge("one", key_on(1, "one"), {{2, 3'600s}});
  Charge attempts = ring_charge("one", key_on(2, "one"), {{9, 3'600s}});
  attempts.attempts = true;
  const Charge all[] = {attempts, a, b};
  for (int i = 1; i <= 2; ++i) {
    const auto charged = store->charge(all, soon());
    REQUIRE(charged);
    CHECK(charged->taken);
    CHECK(charged->levels[2].count == static_cast<std::uint64_t>(i));
  }
  const auto refused = store->charge(all, soon());
  REQUIRE(refused);
  CHECK_FALSE(refused->taken);
  CHECK(refused->levels[0].count == 3);
  CHECK_FALSE(refused->levels[1].over);
  CHECK(refused->levels[1].count == 2);
  CHECK(refused->levels[2].over);
  CHECK(refused->receipt.slots[0] != -1);
  CHECK(refused->receipt.slots[1] == -1);
  CHECK(refused->receipt.slots[2] == -1);
  CHECK(total_of(*store, a) == 2);  // given back
  CHECK(total_of(*store, b) == 2);
  CHECK(total_of(*store, attempts) == 3);
  CHECK(store->stats().undone == 1);

  cluster().node(1).signal(SIGSTOP);
  const Charge pair[] = {a, b};
  CHECK_FALSE(store->charge(pair, Deadline::in(100ms)));
  cluster().node(1).signal(SIGCONT);
  CHECK(total_of(*store, a) == 2);  // given back, too

  const auto together = store_at(cluster().url(), "{mw}:");
  REQUIRE(together->charge(all, soon()));
  CHECK(together->stats().undone == 0);
  CHECK(together->list({}, soon())->size() == 3);
  REQUIRE(together->probe(soon()));
  REQUIRE(store->probe(soon()));
}

TEST_CASE("redis cluster: one server that has lost all that it had") {
  if (no_redis()) return;
  const auto store = store_at(cluster().url(), "lost:");
  const auto lost = [&] {
    const auto found = store->has_lost_all(soon());
    REQUIRE(found);
    return *found;
  };
  CHECK_FALSE(lost());
  CHECK_FALSE(lost());
  tell(cluster().node(1), {"FLUSHALL"});
  CHECK(lost());
  CHECK_FALSE(lost());
}

TEST_CASE("redis cluster: a slot that moves is followed") {
  if (no_redis()) return;
  const auto store = store_at(cluster().url());
  const Charge charge = ring_charge("moving", key_on(0, "moving"), {{9, 3'600s}, {99, 86'400s}});
  const std::string name = redis_key::name_of("mw:", charge.limit, charge.key);
  const std::string slot = std::to_string(redis_slot(name)), first = cluster().id_of(0), second = cluster().id_of(1);
  REQUIRE(store->charge({&charge, 1}, soon()));
  tell(cluster().node(1), {"CLUSTER", "SETSLOT", slot, "IMPORTING", first});
  tell(cluster().node(0), {"CLUSTER", "SETSLOT", slot, "MIGRATING", second});
  const auto move = [&](const std::string& key) {
    const std::string port = std::to_string(cluster().node(1).port());
    CHECK(tell(cluster().node(0), {"MIGRATE", "127.0.0.1", port, key, "0", "5000"}).text == "OK");
  };
  move(name + "3600");
  const auto half = store->charge({&charge, 1}, Deadline::in(50ms));  // one window here, one there
  REQUIRE_FALSE(half);
  CAPTURE(half.error().what);
  CHECK(has(half.error().what, "the cluster is moving this counter"));
  move(name + "86400");
  CHECK(store->charge({&charge, 1}, soon())->totals == std::vector<std::uint64_t>{2, 2});  // ASK
  for (std::size_t node : {1, 0, 2}) tell(cluster().node(node), {"CLUSTER", "SETSLOT", slot, "NODE", second});
  CHECK(store->charge({&charge, 1}, soon())->totals == std::vector<std::uint64_t>{3, 3});  // MOVED
  const std::uint64_t connects = store->connects();
  CHECK(store->charge({&charge, 1}, soon())->totals == std::vector<std::uint64_t>{4, 4});
  CHECK(store->connects() == connects);
  CHECK(has(store_at("redis+unix:" + cluster().node(0).socket())->charge({&charge, 1}, soon()).error().what,
            "name it redis+cluster://"));
}

TEST_CASE("redis sentinel: the master is found, and followed") {
  if (no_redis()) return;
  RedisSentinels sentinels;
  const auto store = store_at(sentinels.url());
  REQUIRE(store->charge({&quota, 1}, soon()));
  CHECK(has(store->where(), ":" + std::to_string(sentinels.first().port())));
  sentinels.fail_over();
  sentinels.wait_for_master(sentinels.second());
  // Until a sentinel makes a replica of it, the old one takes charges, and loses them: it is not waited for, and no
  // call has to fail.
  const Deadline patience = soon();
  while (!has(store->where(), ":" + std::to_string(sentinels.second().port())) && !patience.over())
    std::this_thread::sleep_for(1ms);
  const auto charged = store->charge({&quota, 1}, Deadline::in(1s));
  REQUIRE(charged);
  CHECK(charged->levels[0].count == 2);
  CHECK(store->stats().errors == 0);
  CHECK(has(store->where(), ":" + std::to_string(sentinels.second().port())));
  REQUIRE(store->probe(soon()));

  auto url = sentinels.url();
  const auto unknown = store_at(url.replace(url.rfind("main"), 4, "other"));
  CHECK(has(unknown->charge({&quota, 1}, soon()).error().what, "does not know the master \"other\""));
  CHECK(has(store_at("redis+sentinel://127.0.0.1:1/main")->charge({&quota, 1}, soon()).error().what, "cannot connect"));
  const auto none = store_at("redis+sentinel://127.0.0.1:" + std::to_string(sentinels.first().port()) + "/main");
  CHECK(has(none->charge({&quota, 1}, soon()).error().what, "unknown command"));
}

// What goes wrong with a real server, what it says to the admin, and what counts meanwhile and after.
TEST_CASE("redis outages: each is told once, counted through, and merged") {
  if (no_redis()) return;
  struct Row {
    std::string name;
    const char* error;
    void (*begin)(RedisServer&);
    void (*end)(RedisServer&);
  };
  const Row rows[] = {
      {"killed", "cannot connect", [](RedisServer& redis) { redis.kill(); }, [](RedisServer& redis) { redis.start(); }},
      {"stopped", "no answer in time", [](RedisServer& redis) { redis.signal(SIGSTOP); },
       [](RedisServer& redis) { redis.signal(SIGCONT); }},
      {"a replica", "name the primary",
       [](RedisServer& redis) {
         tell(redis, {"REPLICAOF", "127.0.0.1", "1"});
       },
       [](RedisServer& redis) {
         tell(redis, {"REPLICAOF", "NO", "ONE"});
       }},
      {"full", "raise maxmemory",
       [](RedisServer& redis) {
         tell(redis, {"CONFIG", "SET", "maxmemory", "1"});
       },
       [](RedisServer& redis) {
         tell(redis, {"CONFIG", "SET", "maxmemory", "0"});
       }},
      {"cannot save", "cannot save to its disk",
       [](RedisServer& redis) {
         // A directory where its file shall be: also root fails at that.
         std::filesystem::create_directories(redis.directory() + "/dump.rdb/x");
         tell(redis, {"CONFIG", "SET", "save", "3600 1"});
         tell(redis, {"BGSAVE"});
         for (int tries = 0; tries < 3'000; ++tries) {
           if (tell(redis, {"INFO", "persistence"}).text.find("rdb_last_bgsave_status:err") != std::string::npos)
             return;
           std::this_thread::sleep_for(10ms);
         }
       },
       [](RedisServer& redis) {
         tell(redis, {"CONFIG", "SET", "stop-writes-on-bgsave-error", "no"});
       }},
      {"another password", "the user or the password is wrong",
       [](RedisServer& redis) {
         redis.kill();
         redis.use_options({"--requirepass", "other"});
         redis.start();
       },
       [](RedisServer& redis) {
         redis.kill();
         redis.use_options({});
         redis.start();
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RedisServer redis;
    const SystemClock clock;
    Lines log;
    auto shared = store_at(redis.url() + "?user=default&password=none");  // who has no password takes any
    auto store = make_fallback_counters(std::move(shared), make_memory_counters({}, clock),
                                        {.name = redis.url(), .pause = 20ms, .patience = 200ms}, clock, log);
    REQUIRE(store->charge({&quota, 1}, soon()));
    row.begin(redis);
    auto charged = store->charge({&quota, 1}, Deadline::in(200ms));
    REQUIRE(charged);
    CHECK(charged->receipt.store == 1);
    CHECK(charged->levels[0].count == 2);  // known from before
    // No call waits: with this much time each would.
    for (int i = 0; i < 1'000; ++i) REQUIRE(store->charge({&quota, 1}, Deadline::in(20s)));
    REQUIRE(log.all().size() == 1);
    CHECK(has(log.all()[0], "state=down"));
    CHECK(has(log.all()[0], row.error));
    row.end(redis);
    const Deadline patience = soon();
    while (!store->stats().up && !patience.over()) std::this_thread::sleep_for(1ms);
    REQUIRE(store->stats().up);
    const auto node = store_at(redis.url());
    const std::uint64_t there = total_of(*node, quota);
    // 1,002 were tried, of five: the killed server had forgotten the first; what the stopped one came to too late it
    // has not counted.
    CHECK(there >= (row.name == "killed" || row.name == "another password" ? 4 : 5));
    CHECK(there <= 5);
    CHECK(store->shared().connects() <= 8);
    CHECK(has(log.all().back(), "state=up"));
  }
}

TEST_CASE("redis counters: merged at the time of their units") {
  if (no_redis()) return;
  const RedisServer redis;
  ManualClock clock;
  const auto store = store_at(redis.url(), "mw:", &clock);
  const CountedElsewhere counted{"quota", "alice", {{30s, 29s, 2}, {30s, 0s, 3}, {60s, 10s, 5}}};
  REQUIRE(store->merge("a", counted, soon()));
  REQUIRE(store->merge("a", counted, soon()));  // the answer had been lost
  const Charge ask = asking(ring_charge("quota", "alice", {{9, 30s}, {9, 60s}}));
  CHECK(store->charge({&ask, 1}, soon())->totals == std::vector<std::uint64_t>{5, 5});
  REQUIRE(store->merge("b", counted, soon()));
  CHECK(store->charge({&ask, 1}, soon())->totals == std::vector<std::uint64_t>{10, 10});
  clock.advance(3s);
  CHECK(store->charge({&ask, 1}, soon())->totals == std::vector<std::uint64_t>{6, 10});  // the old ones have left
  clock.advance(29s);
  CHECK(store->charge({&ask, 1}, soon())->totals == std::vector<std::uint64_t>{0, 10});
  const CountedElsewhere ancient{"quota", "alice", {{30s, 300s, 7}}};
  REQUIRE(store->merge("c", ancient, soon()));
  CHECK(store->charge({&ask, 1}, soon())->totals == std::vector<std::uint64_t>{0, 10});
  CHECK(store->list({}, soon())->size() == 1);
}

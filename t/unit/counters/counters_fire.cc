// SPDX-License-Identifier: BSD-2-Clause
// Under fire: 8 nodes with 4 connections each charge the same keys at once, as fast as they can, on every store. Each
// acceptance is written down with the moments before and after its call; no span as long as a period may hold more of
// them, whole, than the maximum. 3 seconds each, or MAILWEIR_FIRE_SECONDS.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <csignal>

#include "../fixture/counter_cases.h"
#include "../fixture/redis_group.h"
#include "adapter/counters/memory_counters.h"
#include "adapter/counters/redis_counters.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t nodes = 8, connections = 4;
[[maybe_unused]] const auto no_signal = std::signal(SIGPIPE, SIG_IGN);

std::chrono::seconds length() {
  const char* const text = std::getenv("MAILWEIR_FIRE_SECONDS");
  return std::chrono::seconds(text == nullptr ? 3 : std::max(std::atoi(text), 1));
}

struct Accepted {
  SteadyTime before, after;
  std::size_t which = 0;  // of the charges that were tried
};

struct Fire {
  std::vector<Accepted> accepted;
  std::uint64_t calls = 0, refused = 0, failed = 0;
};

// Each thread charges one of `choices` in turn.
Fire fire(const std::vector<CounterStore*>& stores, const std::vector<std::vector<Charge>>& choices,
          const std::function<void()>& meanwhile = {}) {
  const SteadyTime end = std::chrono::steady_clock::now() + length();
  std::vector<Fire> parts(stores.size() * connections);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    threads.emplace_back([&, i] {
      Fire& part = parts[i];
      for (std::size_t turn = i; std::chrono::steady_clock::now() < end; ++turn) {
        const std::size_t which = turn % choices.size();
        Accepted one{std::chrono::steady_clock::now(), {}, which};
        const auto charged = stores[i % stores.size()]->charge(choices[which], Deadline::in(1s));
        one.after = std::chrono::steady_clock::now();
        ++part.calls;
        if (!charged) ++part.failed;
        else if (!charged->taken) ++part.refused;
        else part.accepted.push_back(one);
        if (!charged) std::this_thread::sleep_for(1ms);  // no server: leave the machine to the failover
      }
    });
  }
  if (meanwhile) meanwhile();
  for (auto& thread : threads) thread.join();
  Fire all;
  for (const Fire& part : parts) {
    all.accepted.insert(all.accepted.end(), part.accepted.begin(), part.accepted.end());
    all.calls += part.calls;
    all.refused += part.refused;
    all.failed += part.failed;
  }
  std::sort(all.accepted.begin(), all.accepted.end(),
            [](const Accepted& a, const Accepted& b) { return a.before < b.before; });
  return all;
}

// The most that were accepted within any span of `period`, of those that `counts` says.
template <typename Counts>
std::size_t most_in(const Fire& fire, std::chrono::seconds period, Counts counts) {
  std::size_t most = 0;
  for (std::size_t first = 0; first < fire.accepted.size(); ++first) {
    std::size_t in = 0;
    const SteadyTime end = fire.accepted[first].before + period;
    for (std::size_t i = first; i < fire.accepted.size() && fire.accepted[i].before < end; ++i)
      in += counts(fire.accepted[i]) && fire.accepted[i].after <= end ? 1 : 0;
    most = std::max(most, in);
  }
  return most;
}
const auto all = [](const Accepted&) { return true; };

void say(const char* store, const Fire& fire, std::size_t most, std::size_t max) {
  std::printf("# %s: %llds, %llu calls, %zu accepted, %llu failed; at most %zu of %zu in any 2 s\n", store,
              static_cast<long long>(length().count()), static_cast<unsigned long long>(fire.calls),
              fire.accepted.size(), static_cast<unsigned long long>(fire.failed), most, max);
}

struct Stores {
  Stores(const std::string& url, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto store = make_redis_counters({.url = url, .connections = connections});
      REQUIRE(store);
      all.push_back(std::move(*store));
      pointers.push_back(all.back().get());
    }
  }
  std::vector<std::unique_ptr<RedisCounters>> all;
  std::vector<CounterStore*> pointers;
};

const Charge limit = ring_charge("quota", "alice", {{50, 2s}, {100'000, 3'600s}});

}  // namespace

TEST_CASE("under fire: memory") {
  const SystemClock clock;
  const auto store = make_memory_counters({}, clock);
  const std::vector<CounterStore*> same(nodes, store.get());
  const Fire got = fire(same, {{limit}});
  const std::size_t most = most_in(got, 2s, all);
  say("memory", got, most, 50);
  CHECK(most <= 50);
  CHECK(got.accepted.size() >= 50);
  CHECK(got.failed == 0);
}

TEST_CASE("under fire: Redis") {
  if (no_redis()) return;
  const RedisServer redis;
  const Stores stores(redis.url(), nodes);
  const Fire got = fire(stores.pointers, {{limit}});
  const std::size_t most = most_in(got, 2s, all);
  say("Redis", got, most, 50);
  CHECK(most <= 50);
  CHECK(got.accepted.size() >= 50);
  CHECK(got.refused > 0);
  CHECK(got.failed == 0);
}

// Replication does not wait: what the master accepted and the replica had not read when it died is counted nowhere any
// more. The master writes to its replica before it answers us, in one turn of its loop, so that is what was answered,
// or on its way, at that moment: at most a charge for each connection, here 32.
TEST_CASE("under fire: sentinels, and the master dies") {
  if (no_redis()) return;
  RedisSentinels sentinels;
  const Stores stores(sentinels.url(), nodes);
  const Fire got = fire(stores.pointers, {{limit}}, [&] {
    std::this_thread::sleep_for(length() / 3);
    sentinels.first().kill();
  });
  sentinels.wait_for_master(sentinels.second());
  const std::size_t most = most_in(got, 2s, all);
  say("Sentinel, the master killed", got, most, 50);
  CHECK(most <= 50 + nodes * connections);
  CHECK(got.accepted.size() >= 50);
  CHECK(got.failed > 0);
  REQUIRE(stores.pointers[0]->charge({&limit, 1}, soon()));  // the replica counts now
}

TEST_CASE("under fire: cluster, charges of two slots") {
  if (no_redis()) return;
  RedisCluster cluster;
  const Stores stores(cluster.url(), nodes);
  const Charge total = ring_charge("total", "", {{50, 2s}, {100'000, 3'600s}});
  const Charge a = ring_charge("quota", "alice", {{30, 2s}}), b = ring_charge("quota", "bob", {{40, 2s}});
  const Fire got = fire(stores.pointers, {{total, a}, {b, total}});
  const std::size_t most = most_in(got, 2s, all);
  say("Cluster, two slots", got, most, 50);
  CHECK(most <= 50);
  CHECK(most_in(got, 2s, [](const Accepted& one) { return one.which == 0; }) <= 30);
  CHECK(most_in(got, 2s, [](const Accepted& one) { return one.which == 1; }) <= 40);
  CHECK(got.accepted.size() >= 30);
  CHECK(got.failed == 0);
  // What one slot refused was given back in the other: the long window has what was accepted, no more.
  Charge ask = total;
  ask.amount = 0;
  const auto asked = stores.pointers[0]->charge({&ask, 1}, soon());
  REQUIRE(asked);
  CHECK(asked->totals[1] == got.accepted.size());
}

// SPDX-License-Identifier: BSD-2-Clause
// Signing keys and their states on a real Redis: what is put is found, by another node too; what is due is one node's;
// what holds while the server is away, and where private keys do not go.
#include "adapter/builders/redis_keys.h"

#include <set>

#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/key_state_cases.h"
#include "../fixture/redis_server.h"
#include "adapter/builders/redis_states.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

namespace {

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

struct Bed {
  RedisServer server;
  ManualClock clock;
  Lines log;

  std::shared_ptr<KeyRedis> node(const std::string& url = {}) {
    auto made = KeyRedis::make({url.empty() ? server.url() : url, "k"}, clock, log);
    REQUIRE(made);
    return *made;
  }
};

std::string selectors_of(const KeysFound& found) {
  std::string text = found.unreachable ? "unreachable " : "";
  for (const auto& key : found.keys) text += key->selector + ' ';
  return text;
}

Deadline soon() { return Deadline::in(2s); }

}  // namespace

TEST_CASE("redis keys: what is put at one node is found at the other, and kept for a second") {
  if (no_redis()) return;
  Bed bed;
  const auto one = make_redis_keys(bed.node(), 100, bed.clock),
             other = make_redis_keys(bed.node(bed.server.tcp_url()), 100, bed.clock);
  CHECK(selectors_of(other->find("example.com", soon())) == "");
  const auto put = one->put({"example.com", "s1", dkim_keys::rsa_pem, WallTime(1'600'000'000s)}, soon());
  REQUIRE(put);
  CHECK(*put == "redis:k:example.com s1");
  CHECK(selectors_of(one->find("example.com", soon())) == "s1 ");
  CHECK(selectors_of(other->find("example.com", soon())) == "");
  CHECK(selectors_of(other->look("example.com", soon())) == "s1 ");
  const auto found = other->find("example.com", soon());
  REQUIRE(found.keys.size() == 1);
  CHECK(found.keys[0]->written == WallTime(1'600'000'000s));
  bed.clock.advance(2s);
  CHECK(other->find("example.com", soon()).keys[0] == found.keys[0]);  // not parsed again
  CHECK_FALSE(other->put({"example.com", "s1", dkim_keys::rsa_pem}, soon()));
  REQUIRE(one->put({"example.net", "a", dkim_keys::rsa_pem}, soon()));
  CHECK(*one->domains(soon()) == std::vector<std::string>{"example.com", "example.net"});
  CHECK(*other->remove("example.com", "s1", soon()));
  CHECK_FALSE(*one->remove("example.com", "s1", soon()));
  CHECK(*one->domains(soon()) == std::vector<std::string>{"example.net"});
  CHECK(selectors_of(one->look("example.com", soon())) == "");
  CHECK(selectors_of(one->find("../example.net", soon())) == "");
}

TEST_CASE("redis keys: a key that cannot be used harms no other, and is told once") {
  if (no_redis()) return;
  Bed bed;
  const auto redis = bed.node();
  const auto keys = make_redis_keys(redis, 100, bed.clock);
  REQUIRE(keys->put({"example.com", "good", dkim_keys::rsa_pem}, soon()));
  REQUIRE(redis->command({"HSET", "k:example.com", "bad", "no key", "Upper", "x"}, soon()));
  REQUIRE(redis->command({"HSET", "k:example.com", "long", std::string(70'000, 'x')}, soon()));
  auto found = keys->find("example.com", soon());
  CHECK(selectors_of(found) == "good ");
  REQUIRE(found.troubles.size() == 2);
  CHECK(found.troubles[0].starts_with("redis:k:example.com bad: is not a PEM file"));
  CHECK(found.news.size() >= 3);
  bed.clock.advance(2s);
  CHECK(keys->find("example.com", soon()).news.empty());
  REQUIRE(redis->command({"SET", "k:example.net", "x"}, soon()));
  found = keys->find("example.net", soon());
  CHECK_FALSE(found.unreachable);
  REQUIRE(found.troubles.size() == 1);
  CHECK(found.troubles[0].starts_with("redis:k:example.net: "));
  CHECK(redis->stats().up);
}

TEST_CASE("redis keys: known keys stay while the server is away, and what is not known is not denied") {
  if (no_redis()) return;
  Bed bed;
  const auto keys = make_redis_keys(bed.node(), 100, bed.clock);
  REQUIRE(keys->put({"example.com", "s1", dkim_keys::rsa_pem}, soon()));
  CHECK(selectors_of(keys->find("example.com", soon())) == "s1 ");
  CHECK(selectors_of(keys->find("none.example", soon())) == "");
  bed.server.kill();
  bed.clock.advance(2s);
  CHECK(selectors_of(keys->find("example.com", soon())) == "unreachable s1 ");
  CHECK(selectors_of(keys->find("none.example", soon())) == "unreachable ");
  CHECK(selectors_of(keys->find("other.example", soon())) == "unreachable ");
  CHECK(bed.log.all.size() == 1);
  CHECK(keys->find("other.example", soon()).news.empty());
  CHECK_FALSE(keys->put({"example.com", "s2", dkim_keys::rsa_pem}, soon()));
  bed.server.start();
  bed.clock.advance(2s);
  CHECK(selectors_of(keys->find("none.example", soon())) == "");
  CHECK(bed.log.all.size() == 2);
}

TEST_CASE("redis keys: where private keys do not go") {
  struct Row {
    std::string url;
    bool good;
  };
  const Row rows[] = {{"redis://127.0.0.1:1", true},
                      {"redis://[::1]:1", true},
                      {"redis://localhost", true},
                      {"redis+unix:/run/redis.sock", true},
                      {"redis+cluster://127.0.0.1:1,127.0.0.2:1", true},
                      {"redis://192.0.2.1", false},
                      {"redis://redis.example", false},
                      {"redis://localhost.example", false},
                      {"redis+cluster://127.0.0.1:1,192.0.2.1:1", false},
                      {"redis+sentinel://192.0.2.1/keys", false},
                      {"memory", false}};
  const ManualClock clock;
  Lines log;
  for (const auto& row : rows) {
    CAPTURE(row.url);
    CHECK(static_cast<bool>(KeyRedis::make({row.url, "k"}, clock, log)) == row.good);
  }
  // A server elsewhere, named by one that is here.
  auto url = *RedisUrl::parse("redis+sentinel://127.0.0.1/keys");
  url.for_secrets = true;
  CHECK_FALSE(url.at({.kind = SocketName::Kind::inet, .path = {}, .host = "192.0.2.1"}).objection_to_secrets().empty());
}

TEST_CASE("redis states: what was written is read, by another node too") {
  if (no_redis()) return;
  Bed bed;
  check_states(*make_redis_states(bed.node()), *make_redis_states(bed.node()));
}

TEST_CASE("redis states: what is due is given to one node, first what was never looked for, 16 a second") {
  if (no_redis()) return;
  Bed bed;
  const auto one = make_redis_states(bed.node()), other = make_redis_states(bed.node());
  const auto start = states_start;
  CHECK(one->add({state_row("example.com", "often", KeyState::pending, start - 9s, 7),
                  state_row("example.com", "fresh", KeyState::pending, start),
                  state_row("example.com", "later", KeyState::pending, start + 100s, 2),
                  state_row("example.com", "active", KeyState::active, start - 1h),
                  state_row("example.com", "old", KeyState::retiring, start - 1h)},
                 start));
  CHECK(selectors(one->due(start, 2)) == "fresh old ");
  CHECK(selectors(other->due(start, 10)) == "often ");
  CHECK(selectors(one->due(start, 10)) == "");
  CHECK(selectors(other->due(start + 31s, 10)) == "fresh often old ");  // the first one is not heard of

  Bed many;
  const auto third = make_redis_states(many.node()), fourth = make_redis_states(many.node());
  std::vector<KeyStateRow> rows;
  for (int i = 0; i < 40; ++i)
    rows.push_back(state_row("d" + std::to_string(i) + ".example", "s", KeyState::pending, start));
  CHECK(third->add(rows, start));
  std::set<std::string> taken;
  std::size_t count = 0;
  for (int i = 0; i < 4; ++i)
    for (const auto& node : {third, fourth}) {
      const auto due = node->due(start, 4);
      REQUIRE(due);
      count += due->size();
      for (const auto& row : *due) taken.insert(row.domain);
    }
  CHECK(count == 16);
  CHECK(taken.size() == 16);
}

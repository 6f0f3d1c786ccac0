// SPDX-License-Identifier: BSD-2-Clause
// The memory store when it is flooded: who keeps room in it, and that no answer says otherwise.
#include <doctest/doctest.h>

#include <array>

#include "../fixture/counter_cases.h"
#include "../fixture/engine_fixture.h"
#include "../fixture/temp_dir.h"
#include "adapter/counters/counter_room.h"
#include "adapter/counters/memory_counters.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

Charge of_stranger(Charge charge) {
  charge.stranger = true;
  return charge;
}
Charge dispensable(Charge charge) {
  charge.dispensable = true;
  return charge;
}
Charge by(const std::string& limit, int key) { return ring_charge(limit, std::to_string(key), {{5, 3600s}}); }
bool takes(CounterStore& store, const Charge& charge) {
  const auto charged = store.charge({&charge, 1}, soon());
  return charged && charged->taken && !charged->levels[0].no_room;
}
// How many of many keys find room.
int flood(CounterStore& store, const std::function<Charge(int)>& make) {
  int taken = 0;
  for (int i = 0; i < 4'000; ++i) taken += takes(store, make(i)) ? 1 : 0;
  return taken;
}

}  // namespace

TEST_CASE("counter room: a flood by strangers, of whatever kind of counter, leaves the half of logins") {
  const std::pair<const char*, std::function<Charge(int)>> floods[] = {
      {"rings", [](int i) { return of_stranger(by("sender", i)); }},
      {"leases", [](int i) { return of_stranger(lease_charge("open", std::to_string(i), 9, "m")); }},
      {"leases of a key", [](int i) { return of_stranger(lease_charge("open", "a", 9'999, "m" + std::to_string(i))); }},
      {"values",
       [](int i) {
         return of_stranger(distinct_charge("helo", std::to_string(i / 400), {{900, 3600s}}, std::to_string(i)));
       }},
      {"first seen",
       [](int i) {
         return of_stranger(first_charge("first", std::to_string(i), {{900, 3600s}}, "r"));
       }},
      {"windows",
       [](int i) {
         return of_stranger(ring_charge("three", std::to_string(i), {{5, 60s}, {9, 600s}, {99, 3600s}}));
       }},
      {"attempts",
       [](int i) {
         Charge charge = of_stranger(by("sender", i));
         charge.attempts = true;
         return charge;
       }},
  };
  for (const auto& row : floods) {
    const auto& name = row.first;
    const auto& make = row.second;
    CAPTURE(name);
    ManualClock clock;
    const auto store = make_memory_counters({.max_counters = 1'600}, clock);
    flood(*store, make);
    CHECK(store->stats().counters <= 700);  // a half, less what is kept for other limits of strangers
    CHECK(store->stats().counters > 690);
    CHECK(store->stats().strangers == store->stats().counters);
    CHECK(store->stats().no_room_for_strangers > 0);
    CHECK(store->stats().no_room_for_ours == 0);
    CHECK(flood(*store, [](int i) { return by("login", i); }) >= 700);
    CHECK(store->stats().counters <= 1'600);
    // When all is over it is as it was.
    clock.advance(24h * 91);
    CHECK(takes(*store, by("login", 9'999)));
    flood(*store, [](int i) { return of_stranger(by("sender", i)); });
    CHECK(store->stats().strangers == 700);
  }
}

TEST_CASE("counter room: the flood of one limit leaves room for others, of strangers and of logins") {
  ManualClock clock;
  const auto store = make_memory_counters({.max_counters = 1'600}, clock);
  CHECK(flood(*store, [](int i) { return of_stranger(by("sender", i)); }) == 700);
  CHECK(flood(*store, [](int i) { return of_stranger(by("client_address", i)); }) == 12);
  CHECK(flood(*store, [](int i) { return by("stolen login and sender", i); }) == 688);
  CHECK(flood(*store, [](int i) { return by("login", i); }) == 25);
  // What is counted already goes on during a flood; and nothing of it was dropped.
  for (int i = 0; i < 4; ++i) CHECK(takes(*store, by("login", 1)));
  CHECK_FALSE(takes(*store, by("login", 1)));
  CHECK(takes(*store, of_stranger(by("sender", 3))));
}

TEST_CASE("counter room: a limit without room does not keep the others of the call from counting") {
  ManualClock clock;
  const auto store = make_memory_counters({.max_counters = 1'600}, clock);
  const Charge address = of_stranger(by("client_address", 1));
  REQUIRE(takes(*store, address));
  flood(*store, [](int i) { return of_stranger(by("sender", i)); });
  int refused = 0;
  for (int i = 5'000; i < 5'010; ++i) {
    const std::vector<Charge> both{dispensable(of_stranger(by("sender", i))), address};
    const auto charged = store->charge(both, soon());
    REQUIRE(charged);
    CHECK(charged->levels[0].no_room == charged->taken);  // a call that is refused looks for no room
    CHECK_FALSE(charged->levels[0].over);
    CHECK(charged->receipt.slots[0] == -1);
    CHECK_FALSE(charged->levels[1].no_room);
    refused += charged->taken ? 0 : 1;
    if (i == 5'001) REQUIRE(store->give_back(both, charged->receipt, soon()));
  }
  CHECK(refused == 5);  // 1 before, 5 may; one was given back
  // One that must be counted fails, and all with it; what is known needs no room.
  const std::vector<Charge> needed{of_stranger(by("sender", 6'000)), by("login", 1)};
  const auto charged = store->charge(needed, soon());
  REQUIRE_FALSE(charged);
  CHECK(charged.error().temporary);
  CHECK(charged.error().what.find("counter memory is full for limit \"sender\" (") == 0);
  CHECK(takes(*store, of_stranger(by("sender", 1))));
  CHECK(takes(*store, by("login", 1)));
}

TEST_CASE("counter room: blocks have room of their own, by the same shares") {
  ManualClock clock;
  const auto store = make_memory_counters({.max_counters = 160}, clock);
  const auto blocks = [&](const std::string& limit, bool stranger) {
    int made = 0;
    for (int i = 0; i < 400; ++i) {
      const auto blocked = store->block({limit, std::to_string(i), "r", "over", 1h, stranger}, false, soon());
      made += blocked && *blocked ? 1 : 0;
    }
    return made;
  };
  CHECK(blocks("sender", true) == 70);
  CHECK(blocks("login", false) == 70);
  CHECK(store->stats().no_room_for_strangers == 330);
  CHECK(store->stats().no_room_for_ours == 330);
  CHECK(*store->unblock("sender", "1", soon()));
  CHECK(*store->block({"sender", "new", "r", "over", 1h, true}, false, soon()));
  clock.advance(1h);
  CHECK(blocks("login", false) == 140);
}

TEST_CASE("counter room: whose counters are is known after a restart") {
  const TempDir dir;
  ManualClock clock;
  const auto before = make_memory_counters({.max_counters = 1'600}, clock),
             after = make_memory_counters({.max_counters = 1'600}, clock);
  flood(*before, [](int i) { return of_stranger(by("sender", i)); });
  REQUIRE(takes(*before, by("login", 1)));
  REQUIRE(*before->block({"sender", "1", "r", "over", 1h, true}, false, soon()));
  REQUIRE(before->save(dir / "counters"));
  REQUIRE(after->restore(dir / "counters"));
  CHECK(after->stats().counters == 701);
  CHECK(after->stats().strangers == 700);
  CHECK(after->blocks(9, soon())->front().stranger);
  CHECK_FALSE(takes(*after, of_stranger(by("sender", 5'000))));
  CHECK(takes(*after, by("login", 2)));
}

TEST_CASE("counter room: a login that is only tried is a stranger's") {
  test::Engine engine(std::string(test::milter_only) + R"(
[http]
socket = "inet:8080@127.0.0.1"
[[rule]]
name = "guesses"
at = "auth"
limit = { by = "sasl_username", of = "auth-failures", max = "3/1d" }
reject = "535 5.7.8 no"
)");
  const auto small = make_memory_counters({.max_counters = 640}, engine.clock);
  Services services{engine.resolver, *small, engine.log, engine.clock, engine.leases, engine.board, engine.stats};
  for (int i = 0; i < 2000; ++i) {
    Session session(services, engine.policy, Door::http);
    session.client().address = IpAddress::parse("192.0.2.7");
    session.begin_transaction(engine.policy);
    session.transaction().sasl_username = "guess" + std::to_string(i);
    session.count_event(Quantity::auth_failures);
    session.end_transaction(false);
  }
  CHECK(small->stats().counters <= 320);
  int counted = 0;
  for (int i = 0; i < 200; ++i) {
    const auto charged = small->charge(std::array{by("quota", i)}, soon());
    counted += charged && !charged->levels.front().no_room ? 1 : 0;
  }
  CHECK(counted == 200);
}

TEST_CASE("counter room: mail that is not counted for want of room has a line a second, and the other limits") {
  test::Engine engine(std::string(test::milter_only) + R"(
[[rule]]
name = "sender"
at = "mail"
limit = { by = "sender", of = "messages", max = "5/1h" }
defer = "450 4.7.1 later"
[[rule]]
name = "client"
at = "mail"
limit = { by = "client_address", of = "messages", max = "60/1h", count = "all" }
defer = "450 4.7.1 later"
[[rule]]
name = "login"
at = "mail"
limit = { by = "sasl_username", of = "messages", max = "5/1h" }
defer = "450 4.7.1 later"
on_outage = "defer"
)");
  const auto small = make_memory_counters({.max_counters = 640}, engine.clock);
  Services services{engine.resolver, *small, engine.log, engine.clock, engine.leases, engine.board, engine.stats};
  const auto mail = [&](std::string sender, std::string login, std::string client = "192.0.2.7") {
    Session session(services, engine.policy, Door::milter);
    session.client().address = IpAddress::parse(client);
    session.begin_transaction(engine.policy);
    session.transaction().sender = Address::parse(sender);
    session.transaction().sasl_username = login;
    const auto verdict = session.judge(Stage::mail);
    session.end_transaction(true);
    return verdict.action;
  };
  CHECK(flood(*small, [](int i) { return of_stranger(by("sender", i)); }) == 280);
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += mail("s" + std::to_string(i) + "@example.org", "") == Action::none ? 1 : 0;
  CHECK(taken == 60);  // the limit of the client holds though that of the sender has no room
  const auto lines = engine.log.of("counters-full");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(" rule=sender key=s0@example.org ") != std::string::npos);
  CHECK(lines[0].find(" count=") == std::string::npos);
  engine.clock.advance(1s);
  CHECK(mail("last@example.org", "", "192.0.2.8") == Action::none);
  REQUIRE(engine.log.of("counters-full").size() == 2);
  CHECK(engine.log.of("counters-full")[1].find(" count=60") != std::string::npos);
  CHECK(engine.stats.uncounted == 61);
  for (int i = 0; i < 5; ++i) CHECK(mail("ann@example.com", "ann", "198.51.100.1") == Action::none);
  CHECK(mail("ann@example.com", "ann", "198.51.100.1") == Action::defer);
  CHECK(engine.stats.uncounted == 61);
}

TEST_CASE("counter room: numbers of limits are bounded") {
  CounterRoom room(100);
  CHECK(room.owner("a", false) == 2);
  CHECK(room.owner("a", true) == 3);
  CHECK(room.owner("b", true) == 5);
  for (std::size_t i = 0; i < 2 * CounterRoom::most_owners; ++i)
    CHECK(room.owner("n" + std::to_string(i), true) < CounterRoom::most_owners);
  CHECK(room.owner("one too many", false) == 0);
  CHECK(room.owner("one too many", true) == 1);
  CHECK(room.owner("a", true) == 3);
}

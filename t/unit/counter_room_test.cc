// SPDX-License-Identifier: BSD-2-Clause
// The memory store when somebody floods it with keys of one limit: the others keep room in it.
#include <doctest/doctest.h>

#include <functional>

#include "adapter/counter_room.h"
#include "adapter/memory_counters.h"
#include "counter_cases.h"
#include "temp_dir.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

Charge by(const std::string& limit, int key) { return ring_charge(limit, std::to_string(key), {{5, 3600s}}); }
bool takes(CounterStore& store, const Charge& charge) {
  const auto charged = store.charge({&charge, 1}, soon());
  return charged && charged->taken;
}
// How many of many keys find room.
int flood(CounterStore& store, const std::function<Charge(int)>& make) {
  int taken = 0;
  for (int i = 0; i < 4'000; ++i) taken += takes(store, make(i)) ? 1 : 0;
  return taken;
}

}  // namespace

TEST_CASE("counter room: a flood of one limit, of whatever kind of counter, leaves room for logins") {
  const std::pair<const char*, std::function<Charge(int)>> floods[] = {
      {"rings", [](int i) { return by("sender", i); }},
      {"leases", [](int i) { return lease_charge("open", std::to_string(i), 9, "m"); }},
      {"leases of a key", [](int i) { return lease_charge("open", "a", 9'999, "m" + std::to_string(i)); }},
      {"values", [](int i) { return distinct_charge("helo", std::to_string(i / 400), {{900, 3600s}}, std::to_string(i)); }},
      {"first seen", [](int i) { return first_charge("first", std::to_string(i), {{900, 3600s}}, "r"); }},
      {"windows", [](int i) { return ring_charge("three", std::to_string(i), {{5, 60s}, {9, 600s}, {99, 3600s}}); }},
      {"attempts", [](int i) {
         Charge charge = by("sender", i);
         charge.attempts = true;
         return charge;
       }},
  };
  for (const auto& [name, make] : floods) {
    CAPTURE(name);
    ManualClock clock;
    const auto store = make_memory_counters({.max_counters = 1'600}, clock);
    flood(*store, make);
    CHECK(store->stats().counters <= 1'400);
    CHECK(store->stats().counters > 1'390);
    CHECK(store->stats().full > 0);
    CHECK(flood(*store, [](int i) { return by("login", i); }) >= 25);
    CHECK(flood(*store, [](int i) { return by("another", i); }) == 25);
    // What is counted already goes on, whoever floods; and nothing of it was dropped.
    for (int i = 0; i < 4; ++i) CHECK(takes(*store, by("login", 1)));
    CHECK_FALSE(takes(*store, by("login", 1)));
    // When all is over it is as it was.
    clock.advance(24h * 91);
    CHECK(flood(*store, [](int i) { return by("login", i); }) == 1'400);
  }
}

TEST_CASE("counter room: the last eighth is shared alike by those that hold any, and the bound is kept") {
  ManualClock clock;
  const auto store = make_memory_counters({.max_counters = 1'600}, clock);
  flood(*store, [](int i) { return by("flooded", i); });
  for (int limit = 0; limit < 40; ++limit) flood(*store, [&](int i) { return by("limit" + std::to_string(limit), i % 100); });
  CHECK(store->stats().counters <= 1'600);
  CHECK(store->stats().counters > 1'450);
  CHECK(takes(*store, by("flooded", 1)));
}

TEST_CASE("counter room: blocks have room of their own, by the same shares") {
  ManualClock clock;
  const auto store = make_memory_counters({.max_counters = 160}, clock);
  const auto blocks = [&](const std::string& limit) {
    int made = 0;
    for (int i = 0; i < 400; ++i) {
      const auto blocked = store->block({limit, std::to_string(i), "r", "over", 1h}, false, soon());
      made += blocked && *blocked ? 1 : 0;
    }
    return made;
  };
  CHECK(blocks("sender") == 140);
  CHECK(blocks("login") == 2);
  CHECK(*store->unblock("sender", "1", soon()));
  CHECK(*store->unblock("sender", "2", soon()));
  CHECK(*store->unblock("sender", "3", soon()));
  CHECK(*store->block({"sender", "new", "r", "over", 1h}, false, soon()));
  clock.advance(1h);
  CHECK(blocks("login") == 140);
}

TEST_CASE("counter room: what was restored holds its room") {
  const TempDir dir;
  ManualClock clock;
  const auto before = make_memory_counters({.max_counters = 1'600}, clock), after = make_memory_counters({.max_counters = 1'600}, clock);
  flood(*before, [](int i) { return by("sender", i); });
  REQUIRE(takes(*before, by("login", 1)));
  REQUIRE(before->save(dir / "counters"));
  REQUIRE(after->restore(dir / "counters"));
  CHECK(after->stats().counters == 1'401);
  CHECK_FALSE(takes(*after, by("sender", 5'000)));
  CHECK(flood(*after, [](int i) { return by("login", 100 + i); }) == 24);
}

TEST_CASE("counter room: numbers of limits are bounded") {
  CounterRoom room(100);
  CHECK(room.owner("a") == 1);
  CHECK(room.owner("b") == 2);
  for (std::size_t i = 0; i < 2 * CounterRoom::most_owners; ++i) CHECK(room.owner("n" + std::to_string(i)) < CounterRoom::most_owners);
  CHECK(room.owner("one too many") == 0);
  CHECK(room.owner("a") == 1);
}

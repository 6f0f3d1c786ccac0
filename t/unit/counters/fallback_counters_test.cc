// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <thread>

#include "../fixture/fallback_fixture.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

TEST_CASE("fallback counters: local ones go on from what is known, and are added when the store is back") {
  Fixture test(true);
  const Charge quota = ring_charge("quota", "alice", {{5, 3'600s}, {50, 86'400s}});
  CHECK(test.charge(quota) == "ok 1");
  const Receipt first = test.receipt;
  CHECK(first.store == 0);
  CHECK(test.charge(quota) == "ok 2");
  test.shared.down = true;
  CHECK(test.charge(quota) == "ok 3");  // the local store followed
  CHECK(test.receipt.store == 1);
  const Receipt local = test.receipt;
  CHECK(test.shared.asked == 3);
  CHECK(test.charge(quota) == "ok 4");
  CHECK(test.charge(quota) == "ok 5");
  const Receipt last = test.receipt;
  for (int i = 0; i < 20; ++i) CHECK(test.charge(quota) == "over 5");
  CHECK(test.shared.asked == 3);  // no call waited for it again
  CHECK(test.store->stats().outages == 1);
  CHECK(test.store->stats().spared == 22);
  CHECK_FALSE(test.store->stats().up);
  CHECK(test.store->waiting() == 1);
  REQUIRE(test.log.all.size() == 1);
  CHECK(test.log.all[0].find("state=down") != std::string::npos);
  CHECK(test.log.all[0].find("it is broken") != std::string::npos);
  // What was counted here can be given back here.
  REQUIRE(test.store->give_back({&quota, 1}, local, soon()));
  CHECK(test.charge(asking(quota)) == "ok 4");

  CHECK_FALSE(test.store->look_after());
  CHECK(test.shared.probes == 1);
  test.shared.down = false;
  CHECK(test.charge(asking(quota)) == "ok 4");
  CHECK(test.receipt.store == 1);  // it was not looked at yet
  CHECK(test.store->look_after());
  CHECK(test.store->stats().up);
  CHECK(test.store->stats().merged == 1);
  CHECK(test.store->waiting() == 0);
  REQUIRE(test.log.all.size() == 2);
  CHECK(test.log.all[1].find("state=up") != std::string::npos);
  CHECK(test.log.all[1].find("added=1") != std::string::npos);
  CHECK(test.charge(asking(quota)) == "ok 4");  // two of before, two of the outage
  CHECK(test.receipt.store == 0);
  // Its units are in the shared store by now, and so are those of the first.
  REQUIRE(test.store->give_back({&quota, 1}, last, soon()));
  CHECK(test.charge(asking(quota)) == "ok 3");
  REQUIRE(test.store->give_back({&quota, 1}, first, soon()));
  CHECK(test.charge(asking(quota)) == "ok 2");
  CHECK(test.store->look_after());
  CHECK(test.shared.probes == 2);  // a store that is up is left alone
}

TEST_CASE("fallback counters: what may have been added is added once") {
  Fixture test(true);
  test.shared.down = true;
  CHECK(test.charge(quota) == "ok 1");
  test.shared.down = false;
  test.shared.merges_unsure = true;
  CHECK_FALSE(test.store->look_after());
  CHECK_FALSE(test.store->stats().up);
  CHECK(test.store->waiting() == 1);
  test.clock.advance(60s);
  CHECK(test.charge(quota) == "ok 2");
  test.shared.merges_unsure = false;
  CHECK(test.store->look_after());
  REQUIRE(test.shared.merges.size() == 3);
  CHECK(test.shared.merges[0] == test.shared.merges[1]);
  CHECK(test.shared.merges[1] != test.shared.merges[2]);
  CHECK(test.charge(asking(quota)) == "ok 2");
  CHECK(test.receipt.store == 0);
}

TEST_CASE("fallback counters: a share of what is left") {
  Fixture test(true, 0.25);
  const Charge quota = ring_charge("quota", "alice", {{100, 3'600s}});
  for (int i = 0; i < 20; ++i) CHECK(test.charge(quota).starts_with("ok "));
  test.shared.down = true;
  for (int i = 1; i <= 20; ++i) CHECK(test.charge(quota) == "ok " + std::to_string(20 + i));  // a quarter of 80
  CHECK(test.charge(quota) == "over 40");
  Charge many = quota;
  many.amount = 50;
  auto charged = test.store->charge({&many, 1}, soon());
  REQUIRE(charged);
  CHECK(charged->levels[0].over);
  CHECK_FALSE(charged->levels[0].never_fits);  // it fits when the store is back
  CHECK(charged->levels[0].retry_after == 120s);
  many.amount = 130;
  charged = test.store->charge({&many, 1}, soon());
  REQUIRE(charged);
  CHECK(charged->levels[0].never_fits);
  // A limit of one is one.
  const Charge one = ring_charge("one", "bob", {{1, 3'600s}});
  CHECK(test.charge(one) == "ok 1");
  CHECK(test.charge(one) == "over 1");
  // When what is known has left, a quarter of the whole is this node's; what it counted itself leaves later.
  test.clock.advance(3'721s);
  for (int i = 1; i <= 25; ++i) CHECK(test.charge(quota) == "ok " + std::to_string(i));
  CHECK(test.charge(quota) == "over 25");
}

TEST_CASE("fallback counters: values that this node knows stay known, new ones are added when the store is back") {
  Fixture test(true, 0.25);
  const auto country = [](std::string value) {
    return distinct_charge("countries", "bob", {{2, 3'600s}}, std::move(value));
  };
  const auto to = [](std::string who) { return first_charge("strangers", "bob", {{5, 3'600s}}, std::move(who)); };
  CHECK(test.charge(country("DE")) == "ok 1");
  CHECK(test.charge(to("r1")) == "ok 1");
  test.shared.down = true;
  CHECK(test.charge(country("DE")) == "ok 1");
  CHECK(test.charge(country("AT")) == "ok 2");  // the whole maximum, whatever the share
  CHECK(test.charge(country("CH")) == "over 2");
  CHECK(test.charge(to("r1")) == "ok 1");
  CHECK(test.charge(to("r2")) == "ok 2");  // a quarter of the four that are left
  CHECK(test.charge(to("r3")) == "over 2");
  // What was given back meanwhile is not added.
  const Charge gone = distinct_charge("countries", "alice", {{2, 3'600s}}, "FR");
  CHECK(test.charge(gone) == "ok 1");
  REQUIRE(test.store->give_back({&gone, 1}, test.receipt, soon()));
  test.shared.down = false;
  CHECK_FALSE(test.store->look_after());  // it keeps to its share until the others have added theirs
  test.clock.advance(6s);
  CHECK(test.store->look_after());
  CHECK(test.charge(country("AT")) == "ok 2");
  CHECK(test.charge(country("CH")) == "over 2");
  CHECK(test.charge(to("r2")) == "ok 2");
  CHECK(test.charge(to("r3")) == "ok 3");
  Charge ask = gone;
  ask.amount = 0;
  CHECK(test.charge(ask) == "ok 0");
}

TEST_CASE("fallback counters: another reason is told, not each time") {
  Fixture test(true);
  test.shared.down = true;
  CHECK(test.charge(quota) == "ok 1");
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(test.store->look_after());
    test.clock.advance(1s);
  }
  CHECK(test.log.all.size() == 1);
  test.shared.why = "it is loading";
  CHECK_FALSE(test.store->look_after());
  CHECK_FALSE(test.store->look_after());
  REQUIRE(test.log.all.size() == 2);
  CHECK(test.log.all[1].find("it is loading") != std::string::npos);
}

TEST_CASE("fallback counters: the thread finds the store back by itself") {
  const SystemClock clock;
  Lines log;
  Shared::Controls controls;
  {
    const auto store =
        make_fallback_counters(std::make_unique<Shared>(clock, controls), make_memory_counters({}, clock),
                               {.name = "redis://r:1/0", .pause = 1ms}, clock, log);
    controls.down = true;
    REQUIRE(store->charge({&quota, 1}, soon()));
    CHECK_FALSE(store->stats().up);
    controls.down = false;
    const Deadline patience = soon();
    while (!store->stats().up && !patience.over()) std::this_thread::yield();
    CHECK(store->stats().up);
    CHECK(store->stats().merged == 1);
    CHECK(store->charge({&quota, 1}, soon())->levels[0].count == 2);
  }
  CHECK(log.all.size() == 2);
}

TEST_CASE("fallback counters: without a local store calls fail at once") {
  Fixture test(false);
  test.shared.down = true;
  CHECK(test.charge(quota) == "it is broken");
  const std::string spared = test.charge(quota);
  CHECK(spared.find("redis://r:1/0 is down and was not asked") == 0);
  CHECK(spared.find("it is broken") != std::string::npos);
  CHECK(test.shared.asked == 1);
  CHECK(test.store->stats().spared == 1);
  CHECK_FALSE(test.store->list({}, soon()));
  test.shared.down = false;
  CHECK(test.store->look_after());
  CHECK(test.charge(quota) == "ok 1");
}

TEST_CASE("fallback counters: what opens no circuit") {
  Fixture test(true);
  test.shared.down = true;
  CHECK(test.charge(quota, Deadline::in(10ms)) == "ok 1");  // the caller came late; local counters all the same
  CHECK(test.store->stats().up);
  test.shared.temporary = false;
  CHECK(test.charge(quota) == "it is broken");  // a wrong charge is wrong everywhere
  CHECK(test.store->stats().up);
  CHECK(test.log.all.empty());
}

TEST_CASE("fallback counters: an admin's look opens no circuit, and is not answered from here while the store is up") {
  Fixture test(true);
  CHECK(test.charge(quota) == "ok 1");
  test.shared.down = true;
  const auto listed = test.store->list({}, soon());
  REQUIRE_FALSE(listed);
  CHECK(listed.error().what == "it is broken");
  CHECK_FALSE(test.store->blocks(10, soon()));
  CHECK(test.store->stats().up);
  CHECK(test.store->stats().outages == 0);
  CHECK(test.charge(quota) == "ok 2");  // now it is known to be down
  CHECK_FALSE(test.store->stats().up);
  const auto here = test.store->list({}, soon());
  REQUIRE(here);
  CHECK(here->size() == 1);
}

TEST_CASE("fallback counters: the first look, and a deadline that becomes shorter") {
  Fixture test(true);
  test.shared.down = true;
  test.store->first_look();
  CHECK_FALSE(test.store->stats().up);
  CHECK(test.shared.asked == 0);
  test.shared.down = false;
  CHECK(test.store->look_after());

  test.store->use_deadline(4s);  // a failure with less than 2 s is the caller's own
  test.shared.down = true;
  CHECK(test.charge(quota, Deadline::in(1s)) == "ok 1");
  CHECK(test.store->stats().up);
  test.store->use_deadline(1s);
  CHECK(test.charge(quota, Deadline::in(1s)) == "ok 2");
  CHECK_FALSE(test.store->stats().up);
}

TEST_CASE("fallback counters: a lease that moved with its renewals is released everywhere") {
  Fixture test(true);
  const Charge m1 = lease_charge("open", "192.0.2.1", 9, "m1"), m2 = lease_charge("open", "192.0.2.1", 9, "m2");
  CHECK(test.charge(m1) == "ok 1");
  const Receipt in_shared = test.receipt;
  test.shared.down = true;
  CHECK(test.charge(m2) == "ok 2");  // the local store followed
  const Receipt in_local = test.receipt;
  REQUIRE(test.store->renew({&m1, 1}, soon()));
  CHECK(test.charge(asking(m2)) == "ok 1");  // beside m2 itself
  CHECK(test.store->list({}, soon())->front().count == 2);
  REQUIRE(test.store->give_back({&m1, 1}, in_shared, soon()));  // it waits to be said there
  CHECK(test.store->waiting() == 1);
  CHECK(test.store->list({}, soon())->front().count == 1);
  test.shared.down = false;
  CHECK(test.store->look_after());
  CHECK(test.store->list({}, soon())->front().count == 1);  // m2 is known there, m1 is released
  CHECK(test.charge(asking(m1)) == "ok 1");
  REQUIRE(test.store->give_back({&m2, 1}, in_local, soon()));
  CHECK(test.store->list({}, soon())->empty());
}

TEST_CASE("fallback counters: a key blocked while the store is away is blocked there when it is back") {
  Fixture test(true);
  const Block block{"quota", "k", "stolen", "over 2/1h", 2h}, early{"quota", "early", "stolen", "over 2/1h", 2h};
  CHECK(*test.store->block(early, false, soon()));
  CHECK(test.charge(block_question("quota", "early")) == "over 1");
  test.shared.down = true;
  CHECK(*test.store->block(block, false, soon()));
  CHECK_FALSE(*test.store->block(block, false, soon()));
  CHECK(test.charge(block_question("quota", "k")) == "over 1");
  CHECK(test.charge(block_question("quota", "early")) == "over 1");
  CHECK(test.store->waiting() == 1);
  CHECK(test.store->blocks(10, soon())->size() == 2);
  CHECK(*test.store->unblock("quota", "early", soon()));  // and there when it is back
  CHECK(test.charge(block_question("quota", "early")) == "ok 0");
  test.clock.advance(1h);
  test.shared.down = false;
  CHECK(test.store->look_after());
  CHECK(test.store->waiting() == 0);
  const auto blocks = test.store->blocks(10, soon());
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 1);
  CHECK(blocks->back().key == "k");
  CHECK(blocks->back().left == 1h);
}

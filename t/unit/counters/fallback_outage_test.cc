// SPDX-License-Identifier: BSD-2-Clause
// Outages of a store that several nodes share: no limit is exceeded in them or at their ends, and nothing that was done
// meanwhile is left behind.
#include <doctest/doctest.h>

#include <memory>

#include "../fixture/fallback_fixture.h"
#include "port/ring.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

namespace {

// Nodes of one store and one clock.
struct Nodes {
  explicit Nodes(std::size_t count, double share) : all(std::make_shared<SharedStore>(clock)), controls(count) {
    for (auto& one : controls)
      nodes.push_back(make_fallback_counters(std::make_unique<Shared>(all, one), make_memory_counters({}, clock),
                                             {.name = "redis://r:1/0", .local_share = share, .own_thread = false},
                                             clock, log));
  }
  void down(bool away) {
    for (auto& one : controls) one.down = away;
  }
  // How many of `tries` charges a node takes; the last level in `last`.
  int take(std::size_t node, const Charge& charge, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; ++i) {
      const auto charged = nodes[node]->charge({&charge, 1}, soon());
      REQUIRE(charged);
      last = charged->levels[0];
      receipt = charged->receipt;
      taken += charged->taken ? 1 : 0;
    }
    return taken;
  }
  std::uint64_t there(const Charge& charge) {
    const Charge ask = asking(charge);
    return all->counters->charge({&ask, 1}, soon())->totals[0];
  }

  ManualClock clock;
  Lines log;
  std::shared_ptr<SharedStore> all;
  std::vector<Shared::Controls> controls;
  std::vector<std::unique_ptr<FallbackCounters>> nodes;
  Level last;
  Receipt receipt;
};

const Charge sixty = ring_charge("quota", "alice", {{60, 3'600s}});

TEST_CASE("three nodes, a third each: no more than the limit, in the outage and when it ends") {
  struct Row {
    const char* name;
    int before, in_outage;  // tries of each node
    int want_first;         // what the first that is back may have while the others have not added theirs
  };
  const Row rows[] = {
      {"each has used its share up", 0, 99, 0},
      {"each has some of it left", 0, 10, 10},
      {"some was used before", 10, 99, 0},
      {"hardly anything was", 0, 1, 19},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Nodes three(3, 1.0 / 3);
    int taken = 0;
    for (std::size_t node = 0; node < 3; ++node) taken += three.take(node, sixty, row.before);
    for (std::size_t node = 0; node < 3; ++node) three.take(node, asking(sixty), 1);  // each has heard of the others'
    three.down(true);
    for (std::size_t node = 0; node < 3; ++node) taken += three.take(node, sixty, row.in_outage);
    CHECK(taken <= 60);
    three.down(false);
    CHECK_FALSE(three.nodes[0]->look_after());
    CHECK(three.nodes[0]->stats().up);
    CHECK(three.nodes[0]->stats().settling);
    const int first = three.take(0, sixty, 99);
    CHECK(first == row.want_first);
    taken += first;
    for (int round = 0; round < 4; ++round) {
      for (auto& node : three.nodes) node->look_after();
      three.clock.advance(250ms);
    }
    for (auto& node : three.nodes) CHECK_FALSE(node->stats().settling);
    CHECK(three.there(sixty) == static_cast<std::uint64_t>(taken));
    for (std::size_t node = 0; node < 3; ++node) taken += three.take(node, sixty, 99);
    CHECK(taken == 60);  // all of it, and no more
    CHECK(three.there(sixty) == 60);
  }
}

// What two nodes let through of a limit, half each, when their store goes away.
TEST_CASE("two nodes, half each: how much of a limit they let through together") {
  struct Row {
    const char* name;
    std::uint64_t max;
    std::vector<std::pair<std::size_t, int>> before;  // a node's charges, in their order
    bool both_know;                                   // the last count
    int want;
  };
  const Row rows[] = {
      {"nothing used", 20, {}, true, 20},
      {"one left", 20, {{0, 19}}, true, 19},  // neither may take it
      {"three left", 20, {{0, 9}, {1, 8}}, true, 19},
      {"used up", 20, {{0, 20}}, true, 20},
      {"in turns, the last count not known to one", 20, {{0, 5}, {1, 5}, {0, 1}}, false, 20},
      {"one counted two since the other asked", 20, {{0, 5}, {1, 5}, {0, 2}}, false, 21},
      {"one that did not ask for long: half of what the other counted since", 20, {{0, 1}, {1, 10}}, false, 24},
      {"one that never asked: half of the limit", 20, {{0, 20}}, false, 30},
      {"a limit of one", 1, {}, true, 2},
      {"a limit of one, used", 1, {{0, 1}}, true, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Charge charge = ring_charge("quota", "alice", {{row.max, 3'600s}});
    Nodes two(2, 0.5);
    int taken = 0;
    for (const auto& each : row.before) taken += two.take(each.first, charge, each.second);
    if (row.both_know)
      for (std::size_t node = 0; node < 2; ++node) two.take(node, asking(charge), 1);
    two.down(true);
    for (int i = 0; i < 30; ++i)
      for (std::size_t node = 0; node < 2; ++node) taken += two.take(node, charge, 1);
    CHECK(taken == row.want);
  }
  // A charge that was counted there, and whose answer was lost, is let through once, within the share.
  const Charge twenty = ring_charge("quota", "bob", {{20, 3'600s}});
  Nodes two(2, 0.5);
  int taken = two.take(0, twenty, 10);
  for (std::size_t node = 0; node < 2; ++node) two.take(node, asking(twenty), 1);
  two.controls[0].loses_answer = true;
  taken += two.take(0, twenty, 1);
  CHECK(two.there(twenty) == 11);
  two.down(true);
  for (std::size_t node = 0; node < 2; ++node) taken += two.take(node, twenty, 30);
  CHECK(taken == 20);
}

TEST_CASE("a node that stays away is waited for, but not for ever") {
  Nodes three(3, 1.0 / 3);
  three.down(true);
  for (std::size_t node = 0; node < 3; ++node) CHECK(three.take(node, sixty, 99) == 20);
  three.controls[0].down = three.controls[1].down = false;
  for (int round = 0; round < 19; ++round) {
    three.nodes[0]->look_after();
    three.nodes[1]->look_after();
    CHECK(three.nodes[0]->stats().settling);
    CHECK(three.take(0, sixty, 1) == 0);
    three.clock.advance(250ms);
  }
  // The third is back and has so much to add that it says only that it adds: that is waited for.
  CHECK(three.all->nodes.size() == 2);
  three.all->nodes["third"] = {true, three.clock.steady()};
  three.clock.advance(1s);
  three.nodes[0]->look_after();
  CHECK(three.nodes[0]->stats().settling);
  three.clock.advance(3s);
  three.nodes[0]->look_after();
  CHECK_FALSE(three.nodes[0]->stats().settling);
  bool told = false;
  for (const auto& line : three.log.all)
    told = told || line.find("state=whole store=redis://r:1/0 nodes=2 of=3") != std::string::npos;
  CHECK(told);
}

TEST_CASE("over a share is not over the limit") {
  Nodes three(3, 1.0 / 3);
  three.down(true);
  CHECK(three.take(0, sixty, 20) == 20);
  CHECK_FALSE(three.last.share);
  CHECK(three.take(0, sixty, 1) == 0);
  CHECK(three.last.over);
  REQUIRE(three.last.share);
  CHECK(*three.last.share == 20);
  CHECK(three.last.count == 20);
  CHECK(three.last.retry_after > 0ms);
  CHECK(three.last.retry_after <= 5min);
  // What one node counted itself before is known: the limit itself is reached.
  Nodes one(1, 0.5);
  CHECK(one.take(0, sixty, 60) == 60);
  one.down(true);
  CHECK(one.take(0, sixty, 1) == 0);
  CHECK(one.last.over);
  CHECK_FALSE(one.last.share);
}

TEST_CASE("one node that counts for itself: what is under way counts, and an answer swallows nothing") {
  const Charge three = ring_charge("quota", "bob", {{3, 3'600s}});
  Nodes one(1, 1);
  CHECK(one.take(0, three, 1) == 1);
  int meanwhile = 0;
  one.controls[0].under_way = [&] {
    one.down(true);
    meanwhile = one.take(0, three, 5);
    CHECK(one.last.over);
    CHECK(one.last.share);  // the one that is under way may yet fail
  };
  CHECK(one.take(0, three, 1) == 1);  // its answer comes after the others were counted here
  CHECK(meanwhile == 1);
  CHECK(one.take(0, three, 5) == 0);
  CHECK_FALSE(one.last.share);
  one.down(false);
  // What waits to be added counts where it is asked.
  CHECK(one.nodes[0]->look_after());
  CHECK(one.there(three) == 3);
  CHECK(one.take(0, three, 5) == 0);
}

TEST_CASE("an answer that another overtook does not make less of what is known") {
  const Charge quota = ring_charge("quota", "carl", {{5, 3'600s}});
  Nodes one(1, 1);
  one.controls[0].under_way = [&] { CHECK(one.take(0, quota, 2) == 2); };  // counted after it, answered before it
  CHECK(one.take(0, quota, 1) == 1);
  one.down(true);
  CHECK(one.take(0, quota, 9) == 2);
}

TEST_CASE("what waits to be added counts for the store that is asked") {
  const Charge quota = ring_charge("quota", "dora", {{3, 3'600s}});
  Nodes one(1, 1);
  one.down(true);
  const Charge late = quota;
  CHECK(one.nodes[0]->charge({&late, 1}, Deadline::in(10ms))->taken);  // came late: no outage, but counted here
  CHECK(one.nodes[0]->stats().up);
  one.down(false);
  CHECK(one.take(0, quota, 1) == 1);
  CHECK(one.last.count == 2);
  CHECK(one.take(0, quota, 3) == 1);
  CHECK(one.last.over);
  CHECK_FALSE(one.last.never_fits);
  CHECK(one.there(quota) == 2);
  CHECK(one.nodes[0]->look_after());
  CHECK(one.there(quota) == 3);
}

TEST_CASE("open connections are shared out, and those that closed meanwhile are released") {
  const auto lease = [](int number) { return lease_charge("open", "192.0.2.1", 9, "m" + std::to_string(number)); };
  Nodes three(3, 1.0 / 3);
  std::vector<Receipt> receipts;
  for (int i = 0; i < 3; ++i) CHECK(three.take(0, lease(i), 1) == 1);
  receipts.push_back(three.receipt);
  for (int i = 3; i < 6; ++i) CHECK(three.take(1, lease(i), 1) == 1);
  three.down(true);
  const auto opened = [&](std::size_t node, int from) {
    int taken = 0;
    for (int i = from; i < from + 9; ++i) taken += three.take(node, lease(i), 1);
    return taken;
  };
  CHECK(opened(0, 100) == 2);  // when it last heard, six of nine were left
  REQUIRE(three.last.share);
  CHECK(*three.last.share == 5);
  CHECK(opened(1, 200) == 1);  // three were left
  CHECK(opened(2, 300) == 3);  // it had never heard of the client
  // A place of its own that becomes free is its own.
  const Charge closed = lease(2);
  REQUIRE(three.nodes[0]->give_back({&closed, 1}, receipts[0], soon()));
  CHECK(opened(0, 400) == 1);
  three.down(false);
  three.nodes[0]->look_after();
  three.nodes[1]->look_after();
  three.nodes[2]->look_after();
  CHECK(three.there(lease(0)) == 11);  // beside itself: 12 are open, the client of the third was not known to it
  CHECK(three.there(lease(2)) == 12);  // which is held no more
  CHECK(three.take(0, lease(500), 1) == 0);
}

TEST_CASE("charges that are given back while the store is away are given back there") {
  Nodes one(1, 1);
  CHECK(one.take(0, sixty, 3) == 3);
  one.down(true);
  CHECK(one.take(0, asking(sixty), 1) == 1);
  REQUIRE(one.nodes[0]->give_back(
      {&sixty, 1},
      Receipt{{ring::slot_at(std::chrono::floor<std::chrono::milliseconds>(one.clock.wall().time_since_epoch()).count(),
                             3'600'000)},
              0},
      soon()));
  CHECK(one.nodes[0]->waiting() == 1);
  one.take(0, asking(sixty), 1);
  CHECK(one.last.count == 2);
  one.down(false);
  CHECK(one.nodes[0]->look_after());
  CHECK(one.there(sixty) == 2);
  CHECK(one.nodes[0]->waiting() == 0);
}

TEST_CASE("unblock and reset while the store is away hold there when it is back") {
  Nodes two(2, 1);
  CHECK(two.take(1, sixty, 40) == 40);
  const Block block{"quota", "alice", "rule", "over 60/1h", 2h};
  CHECK(*two.nodes[1]->block(block, false, soon()));
  CHECK(two.take(0, block_question("quota", "alice"), 1) == 0);
  two.take(0, asking(sixty), 1);
  two.controls[0].down = true;
  CHECK(two.take(0, sixty, 5) == 5);
  CHECK(*two.nodes[0]->unblock("quota", "alice", soon()));
  const auto forgotten = two.nodes[0]->reset("quota", "alice", soon());
  REQUIRE(forgotten);
  CHECK(*forgotten == 1);
  CHECK(two.take(0, block_question("quota", "alice"), 1) == 1);
  CHECK(two.take(0, sixty, 2) == 2);
  CHECK(two.last.count == 2);
  two.controls[0].down = false;
  CHECK(two.nodes[0]->look_after());
  CHECK(two.there(sixty) == 2);  // what was counted since, and nothing of before
  CHECK(two.take(1, block_question("quota", "alice"), 1) == 1);
}

TEST_CASE("the end of the daemon in an outage: a last try, and a line of what is lost") {
  {
    Nodes one(1, 1);
    one.down(true);
    CHECK(one.take(0, sixty, 4) == 4);
    one.nodes[0]->finish();
    REQUIRE(one.log.all.size() == 2);
    CHECK(one.log.all[1].find("event=counters-not-added store=redis://r:1/0 counters=1 units=4 others=0") !=
          std::string::npos);
  }
  Nodes one(1, 1);
  one.down(true);
  CHECK(one.take(0, sixty, 4) == 4);
  one.down(false);
  one.nodes[0]->finish();
  CHECK(one.log.all.size() == 1);
  CHECK(one.there(sixty) == 4);
}

}  // namespace

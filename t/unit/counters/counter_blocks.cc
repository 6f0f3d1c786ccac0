// SPDX-License-Identifier: BSD-2-Clause
// What every store must do with blocked keys and with counters that are forgotten by hand.
#include <doctest/doctest.h>

#include "../fixture/counter_cases.h"

namespace mailweir {

void check_blocks(const MakeStore& make) {
  using std::chrono::hours;
  ManualClock clock;
  const auto store = make(clock);
  const Block block{"quota", "bob|x y", "stolen", "over 2/1h, 2 counted", hours(2)};
  const auto ask = [&](std::uint64_t amount) {
    const std::vector<Charge> charges{block_question("quota", "bob|x y"),
                                      ring_charge("quota", "bob|x y", {{5, hours(1)}}, amount)};
    auto charged = store->charge(charges, soon());
    REQUIRE(charged);
    REQUIRE(charged->levels.size() == 2);
    REQUIRE(charged->receipt.slots.size() == 2);
    CHECK(charged->receipt.slots[0] == -1);
    return *std::move(charged);
  };
  CHECK(ask(1).taken);
  CHECK(*store->block(block, false, soon()));
  CHECK_FALSE(*store->block(block, false, soon()));
  Charged charged = ask(1);
  CHECK_FALSE(charged.taken);
  CHECK(charged.levels[0].over);
  CHECK_FALSE(charged.levels[0].never_fits);
  CHECK(charged.levels[0].retry_after == hours(2));
  CHECK(charged.levels[1].count == 1);

  const auto blocks = store->blocks(10, soon());
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 1);
  const Block& listed = blocks->front();
  CHECK(listed.limit == block.limit);
  CHECK(listed.key == block.key);
  CHECK(listed.rule == block.rule);
  CHECK(listed.reason == block.reason);
  CHECK(listed.left == block.left);
  CHECK(store->list({}, soon())->size() == 1);  // a block is no counter

  // The mark of an alert is made once until it ends, and is no block for people.
  const Block mark{alert_mark("quota", "over", hours(1)), "bob|x y", "stolen", "told", hours(1)};
  CHECK(*store->block(mark, false, soon()));
  CHECK_FALSE(*store->block(mark, false, soon()));
  CHECK(store->blocks(10, soon())->size() == 1);
  clock.advance(hours(1));
  CHECK(*store->block(mark, false, soon()));
  CHECK(ask(1).levels[0].retry_after == hours(1));
  CHECK(*store->block(block, true, soon()));
  CHECK(ask(1).levels[0].retry_after == hours(2));
  clock.advance(hours(2));
  CHECK(ask(1).taken);
  CHECK(store->blocks(10, soon())->empty());
  CHECK_FALSE(*store->unblock("quota", "bob|x y", soon()));
  CHECK(*store->block(block, false, soon()));
  CHECK(*store->unblock("quota", "bob|x y", soon()));
  CHECK(ask(1).taken);

  // However far the clock goes back, no key is blocked for longer than was asked.
  CHECK(*store->block(block, false, soon()));
  clock.advance(-hours(24 * 30));
  CHECK(ask(1).levels[0].retry_after == hours(2));
  CHECK_FALSE(*store->block(block, false, soon()));
  CHECK(store->blocks(10, soon())->front().left == hours(2));
  clock.advance(hours(2) - std::chrono::milliseconds(1));
  CHECK_FALSE(ask(1).taken);
  clock.advance(std::chrono::milliseconds(1));
  CHECK(ask(0).taken);
  CHECK(store->blocks(10, soon())->empty());

  CHECK(*store->reset("quota", "other", soon()) == 0);
  CHECK(*store->reset("quota", "bob|x y", soon()) == 1);
  CHECK(store->list({}, soon())->empty());
  Block wrong = block;
  wrong.left = hours(0);
  CHECK_FALSE(store->block(wrong, false, soon()));
}

}  // namespace mailweir

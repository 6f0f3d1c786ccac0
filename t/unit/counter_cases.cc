// SPDX-License-Identifier: BSD-2-Clause
#include "counter_steps.h"

#include <doctest/doctest.h>

#include "port/ring.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

Charge two(std::uint64_t amount) { return ring_charge("two", "a", {window(2, 30)}, amount); }

std::vector<Case> ring_cases() {
  const std::vector<Window> both = {window(3, 30), window(5, 300)};
  const auto several = [&](std::uint64_t amount) { return ring_charge("several", "a", both, amount); };
  const Window large = window(10'000'000'000'000, 30);
  const auto widths = [&](std::uint64_t amount) { return ring_charge("bytes", "a", {large}, amount); };
  const Charge second = ring_charge("second", "a", {window(1, 1)});
  return {
      {"up to the max, not beyond, and again a period later",
       {{.charges = {ten(9)}, .want = {{.count = 9}}},
        {.charges = {ten(1)}, .want = {{.count = 10}}},
        {.charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 31'000}}},
        {.after = 30'999, .charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 1}}},
        {.after = 1, .charges = {ten(10)}, .want = {{.count = 10}}}}},
      {"a unit comes back when its slot leaves, the oldest first",
       {{.after = 500, .charges = {ten(4)}, .want = {{.count = 4}}},
        {.after = 10'000, .charges = {ten(6)}, .want = {{.count = 10}}},
        {.charges = {ten(4)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 20'500}}},
        {.charges = {ten(5)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 30'500}}},
        {.after = 20'500, .charges = {ten(4)}, .want = {{.count = 10}}},
        {.after = 10'000, .charges = {ten(0)}, .want = {{.count = 4}}}}},
      {"several windows: the one that is over, waited for longest",
       {{.charges = {several(3)}, .want = {{.count = 3}}},
        {.charges = {several(1)}, .taken = false, .want = {{.over = true, .window = 0, .count = 3, .retry_after = 31'000}}},
        {.after = 31'000, .charges = {several(2)}, .want = {{.window = 1, .count = 5}}},
        {.charges = {several(2)}, .taken = false, .want = {{.over = true, .window = 1, .count = 5, .retry_after = 279'000}}},
        {.after = 31'000, .charges = {several(1)}, .taken = false,
         .want = {{.over = true, .window = 1, .count = 5, .retry_after = 248'000}}}}},
      {"all or none over several limits",
       {{.charges = {ten(8), two(2)}, .want = {{.count = 8}, {.count = 2}}},
        {.charges = {ten(1), two(1)}, .taken = false,
         .want = {{.count = 8}, {.over = true, .count = 2, .retry_after = 31'000}}},
        {.charges = {two(1), ten(1)}, .taken = false,
         .want = {{.over = true, .count = 2, .retry_after = 31'000}, {.count = 8}}},
        {.charges = {ten(2)}, .want = {{.count = 10}}}}},
      {"attempts are counted when the call is refused, and over the max",
       {{.charges = {two(2)}, .want = {{.count = 2}}},
        {.charges = {attempts(ten(9)), two(1)}, .taken = false,
         .want = {{.count = 9}, {.over = true, .count = 2, .retry_after = 31'000}}},
        {.charges = {attempts(ten(3))}, .taken = false, .want = {{.over = true, .count = 12, .retry_after = 31'000}}},
        {.charges = {ten(0)}, .taken = false, .want = {{.over = true, .count = 12, .retry_after = 31'000}}}}},
      {"what is not enforced counts on and stops nobody",
       {{.charges = {unenforced(two(2)), ten(1)}, .want = {{.count = 2}, {.count = 1}}},
        {.charges = {unenforced(two(1)), ten(1)}, .want = {{.over = true, .count = 3, .retry_after = 31'000}, {.count = 2}}},
        {.charges = {unenforced(two(1)), ten(20)}, .taken = false,
         .want = {{.over = true, .count = 3, .retry_after = 31'000}, {.over = true, .never_fits = true, .count = 2}}},
        {.charges = {two(0)}, .taken = false, .want = {{.over = true, .count = 3, .retry_after = 31'000}}}}},
      {"what can never fit",
       {{.charges = {ten(11)}, .taken = false, .want = {{.over = true, .never_fits = true}}},
        {.charges = {ring_charge("none", "a", {window(0, 30)})}, .taken = false,
         .want = {{.over = true, .never_fits = true}}},
        {.charges = {ring_charge("none", "a", {window(0, 30)}, 0)}, .want = {{}}},
        {.charges = {several(4)}, .taken = false, .want = {{.over = true, .never_fits = true, .window = 0}}},
        {.charges = {ring_charge("late", "a", {window(5, 30), window(3, 300)}, 4)}, .taken = false,
         .want = {{.over = true, .never_fits = true, .window = 1}}}}},
      {"given back in the same slot, and in a later one",
       {{.charges = {ten(4), two(1)}, .want = {{.count = 4}, {.count = 1}}},
        {.charges = {ten(3)}, .want = {{.count = 7}}},
        {.what = Step::give_back, .of = 1},
        {.charges = {ten(0)}, .want = {{.count = 4}}},
        {.after = 12'345, .charges = {ten(5)}, .want = {{.count = 9}}},
        {.what = Step::give_back, .of = 0},
        {.charges = {ten(0), two(0)}, .want = {{.count = 5}, {.count = 0}}},
        {.charges = {ten(5)}, .want = {{.count = 10}}},
        {.after = 31'000, .charges = {ten(0)}, .want = {{.count = 0}}}}},
      {"given back when it has left: nothing to take",
       {{.charges = {ten(4)}, .want = {{.count = 4}}},
        {.after = 31'000, .charges = {ten(4)}, .want = {{.count = 4}}},
        {.what = Step::give_back, .of = 0},
        {.charges = {ten(0)}, .want = {{.count = 4}}},
        {.after = 3'000'000, .what = Step::give_back, .of = 1},
        {.charges = {ten(0)}, .want = {{.count = 0}}}}},
      {"given back after a refusal: only what was counted",
       {{.charges = {ten(1), two(2)}, .want = {{.count = 1}, {.count = 2}}},
        {.charges = {attempts(ten(5)), two(1)}, .taken = false,
         .want = {{.count = 6}, {.over = true, .count = 2, .retry_after = 31'000}}},
        {.what = Step::give_back, .of = 1},
        {.charges = {ten(0), two(0)}, .want = {{.count = 1}, {.count = 2}}}}},
      {"amount 0 asks and counts nothing",
       {{.charges = {ten(0)}, .want = {{.count = 0}}},
        {.charges = {ten(10)}, .want = {{.count = 10}}},
        {.charges = {ten(0)}, .want = {{.count = 10}}},
        {.what = Step::give_back, .of = 2},
        {.charges = {ten(0)}, .want = {{.count = 10}}}}},
      {"a changed max keeps the count",
       {{.charges = {ten(8)}, .want = {{.count = 8}}},
        {.charges = {ring_charge("ten", "a", {window(5, 30)})}, .taken = false,
         .want = {{.over = true, .count = 8, .retry_after = 31'000}}},
        {.charges = {ring_charge("ten", "a", {window(20, 30)}, 12)}, .want = {{.count = 20}}}}},
      {"a counter is limit, period and key",
       {{.charges = {ten(10, "a"), ten(10, "b")}, .want = {{.count = 10}, {.count = 10}}},
        {.charges = {ring_charge("ten", "a", {window(10, 31)}, 10)}, .want = {{.count = 10}}},
        {.charges = {ring_charge("te", "na", {window(10, 30)}, 10)}, .want = {{.count = 10}}},
        {.charges = {ring_charge("ten", "", {window(10, 30)}, 10)}, .want = {{.count = 10}}},
        {.charges = {ring_charge("a|b{}%", std::string("\0*}:30 \xff", 8), {window(10, 30)}, 9)}, .want = {{.count = 9}}},
        {.charges = {ring_charge("a|b{}%", std::string("\0*}:30 \xff", 8), {window(10, 30)}, 0)}, .want = {{.count = 9}}}}},
      {"one counter twice in a call",
       {{.charges = {ten(6), ten(4)}, .want = {{.count = 6}, {.count = 10}}},
        {.after = 31'000, .charges = {ten(6), ten(5)}, .taken = false,
         .want = {{.count = 0}, {.over = true, .count = 6, .retry_after = 31'000}}},
        {.charges = {ten(10)}, .want = {{.count = 10}}}}},
      {"a clock that goes back stays at the head",
       {{.charges = {ten(4)}, .want = {{.count = 4}}},
        {.after = 5'000, .charges = {ten(4)}, .want = {{.count = 8}}},
        {.after = -8'000, .charges = {ten(2)}, .want = {{.count = 10}}},
        {.charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 34'000}}},
        {.what = Step::give_back, .of = 2},
        {.charges = {ten(0)}, .want = {{.count = 8}}},
        {.after = 34'000, .charges = {ten(0)}, .want = {{.count = 4}}}}},
      {"a clock that goes back by more than the ring was wrong before",
       {{.charges = {ten(200, "w"), ten(4)}, .taken = false, .want = {{.over = true, .never_fits = true}, {}}},
        {.charges = {ten(4)}, .want = {{.count = 4}}},
        {.after = 5'000, .charges = {ten(4)}, .want = {{.count = 8}}},
        {.after = -5'000'000, .charges = {ten(3)}, .taken = false,
         .want = {{.over = true, .count = 8, .retry_after = 31'000}}},
        {.charges = {ten(2)}, .want = {{.count = 10}}},
        {.what = Step::give_back, .of = 2},
        {.charges = {ten(0)}, .want = {{.count = 10}}},
        {.after = 31'000, .charges = {ten(10)}, .want = {{.count = 10}}}}},
      {"a full counter that is only looked at after the clock went back by more than the ring leaves in a period",
       {{.charges = {ten(10)}, .want = {{.count = 10}}},
        {.after = -40'000, .charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 31'000}}},
        {.after = 30'999, .charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 1}}},
        {.after = 1, .charges = {ten(10)}, .want = {{.count = 10}}}}},
      {"a full counter and a year",
       {{.charges = {ten(10)}, .want = {{.count = 10}}},
        {.after = -31'536'000'000, .charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 31'000}}},
        {.after = 31'000, .charges = {ten(10)}, .want = {{.count = 10}}}}},
      {"a full counter that the clock went back by less than the ring waits for a period more at most",
       {{.charges = {ten(10)}, .want = {{.count = 10}}},
        {.after = -30'000, .charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 61'000}}},
        {.after = 60'999, .charges = {ten(1)}, .taken = false, .want = {{.over = true, .count = 10, .retry_after = 1}}},
        {.after = 1, .charges = {ten(10)}, .want = {{.count = 10}}}}},
      {"unlimited is not counted",
       {{.charges = {ring_charge("free", "a", {}), ten(1)}, .want = {{}, {.count = 1}}},
        {.charges = {ring_charge("free", "a", {}, 1'000'000)}, .want = {{}}},
        {.what = Step::give_back, .of = 1},
        {.charges = {}}}},
      {"a second's window, whose slots are no whole milliseconds",
       {{.charges = {second}, .want = {{.count = 1}}},
        {.charges = {second}, .taken = false, .want = {{.over = true, .count = 1, .retry_after = 1'034}}},
        {.after = 1'033, .charges = {second}, .taken = false, .want = {{.over = true, .count = 1, .retry_after = 1}}},
        {.after = 1, .charges = {second}, .want = {{.count = 1}}}}},
      {"counts of every width",
       {{.charges = {widths(200)}, .want = {{.count = 200}}},
        {.after = 1'000, .charges = {widths(60'000)}, .want = {{.count = 60'200}}},
        {.after = 1'000, .charges = {widths(4'000'000'000)}, .want = {{.count = 4'000'060'200}}},
        {.charges = {widths(4'000'000'000)}, .want = {{.count = 8'000'060'200}}},
        {.after = 29'000, .charges = {widths(0)}, .want = {{.count = 8'000'060'000}}},
        {.what = Step::give_back, .of = 2},
        {.charges = {widths(0)}, .want = {{.count = 4'000'060'000}}},
        {.charges = {unenforced(widths(~std::uint64_t{0}))},
         .want = {{.over = true, .never_fits = true, .count = ring::most_count}}},
        {.charges = {widths(0)}, .taken = false, .want = {{.over = true, .count = ring::most_count, .retry_after = 31'000}}},
        {.after = 31'000, .charges = {widths(1)}, .want = {{.count = 1}}}}},
  };
}

std::vector<Case> lease_cases() {
  const auto open = [](std::string member) { return lease_charge("open", "client", 2, std::move(member)); };
  const auto asks = [](std::string member) {
    Charge charge = lease_charge("open", "client", 2, std::move(member));
    charge.amount = 0;
    return charge;
  };
  return {
      {"two may hold, a third may not, one that leaves makes room",
       {{.charges = {open("m1")}, .want = {{.count = 1}}},
        {.after = 10'000, .charges = {open("m2")}, .want = {{.count = 2}}},
        {.charges = {open("m3")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 80'000}}},
        {.charges = {open("m1")}, .want = {{.count = 2}}},  // the same member again holds one place
        {.what = Step::give_back, .of = 1},
        {.charges = {open("m3")}, .want = {{.count = 2}}},
        {.charges = {asks("m9")}, .want = {{.count = 2}}}}},
      {"a holder that died is gone after the lease, one that renews stays",
       {{.charges = {open("m1")}, .want = {{.count = 1}}},
        {.charges = {open("m2")}, .want = {{.count = 2}}},
        {.after = 60'000, .what = Step::renew, .charges = {open("m1")}},
        {.after = 29'999, .charges = {open("m3")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 1}}},
        {.after = 1, .charges = {open("m3")}, .want = {{.count = 2}}},
        {.charges = {open("m4")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 60'000}}}}},
      {"a renewed lease that had expired is taken again, over the max too",
       {{.charges = {open("m1")}, .want = {{.count = 1}}},
        {.after = 100'000, .charges = {open("m2")}, .want = {{.count = 1}}},
        {.charges = {open("m3")}, .want = {{.count = 2}}},
        {.what = Step::renew, .charges = {open("m1")}},
        {.charges = {asks("m9")}, .taken = false, .want = {{.over = true, .count = 3, .retry_after = 90'000}}},
        {.what = Step::give_back, .of = 0},
        {.what = Step::give_back, .of = 1},
        {.charges = {open("m4")}, .want = {{.count = 2}}}}},
      {"leases and rings in one call, all or none",
       {{.charges = {ten(10), open("m1")}, .want = {{.count = 10}, {.count = 1}}},
        {.charges = {ten(1), open("m2")}, .taken = false,
         .want = {{.over = true, .count = 10, .retry_after = 31'000}, {.count = 1}}},
        {.charges = {open("m2")}, .want = {{.count = 2}}},
        {.what = Step::give_back, .of = 0},
        {.charges = {ten(0), asks("m9")}, .want = {{.count = 0}, {.count = 1}}}}},
      {"several members in one call",
       {{.charges = {open("m1"), open("m1"), open("m2")}, .want = {{.count = 1}, {.count = 1}, {.count = 2}}},
        {.what = Step::give_back, .of = 0},
        {.charges = {open("m1"), open("m2"), open("m3")}, .taken = false,
         .want = {{.count = 0}, {.count = 1}, {.over = true, .count = 2, .retry_after = 90'000}}},
        {.charges = {asks("m9")}, .want = {{.count = 0}}}}},
      {"what is not enforced, what never fits, what is unlimited",
       {{.charges = {unenforced(open("m1"))}, .want = {{.count = 1}}},
        {.charges = {unenforced(open("m2"))}, .want = {{.count = 2}}},
        {.charges = {unenforced(open("m3"))}, .want = {{.over = true, .count = 3, .retry_after = 90'000}}},
        {.charges = {lease_charge("closed", "client", 0, "m1")}, .taken = false,
         .want = {{.over = true, .never_fits = true}}},
        {.charges = {Charge{.kind = CountKind::lease, .limit = "free", .key = "a", .windows = {}, .member = "m1"}},
         .want = {{}}}}},
      {"a clock that goes back frees no place early and keeps no dead member for ever",
       {{.charges = {open("m1")}, .want = {{.count = 1}}},
        {.after = -20'000, .charges = {open("m2")}, .want = {{.count = 2}}},
        {.charges = {open("m3")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 90'000}}},
        {.after = 110'000, .charges = {open("m3")}, .want = {{.count = 1}}}}},
      {"a clock that goes back by a day frees no place, and a lease is over after 90 s",
       {{.charges = {open("m1")}, .want = {{.count = 1}}},
        {.charges = {open("m2")}, .want = {{.count = 2}}},
        {.after = -86'400'000, .charges = {open("m3")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 90'000}}},
        {.after = 60'000, .what = Step::renew, .charges = {open("m1")}},
        {.after = 29'999, .charges = {open("m3")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 1}}},
        {.after = 1, .charges = {open("m3")}, .want = {{.count = 2}}}}},
  };
}

void check_level(const Level& level, const Want& want) {
  CHECK(level.over == want.over);
  CHECK(level.never_fits == want.never_fits);
  CHECK(level.window == want.window);
  CHECK(level.count == want.count);
  CHECK(level.retry_after.count() == want.retry_after);
}

}  // namespace

void run_case(const Case& row, const MakeStore& make) {
  CAPTURE(row.name);
  ManualClock clock;
  const auto store = make(clock);
  std::vector<Receipt> receipts(row.steps.size());
  for (std::size_t i = 0; i < row.steps.size(); ++i) {
    CAPTURE(i);
    const Step& step = row.steps[i];
    clock.advance(milliseconds(step.after));
    if (step.what == Step::charge) {
      const auto charged = store->charge(step.charges, soon());
      if (!charged) FAIL_CHECK(charged.error().what);
      if (!charged) return;
      CHECK(charged->taken == step.taken);
      REQUIRE(charged->levels.size() == step.want.size());
      for (std::size_t n = 0; n < step.want.size(); ++n) {
        CAPTURE(n);
        check_level(charged->levels[n], step.want[n]);
      }
      receipts[i] = charged->receipt;
    } else {
      const auto done = step.what == Step::renew ? store->renew(step.charges, soon())
                                                 : store->give_back(row.steps[step.of].charges, receipts[step.of], soon());
      if (!done) FAIL_CHECK(done.error().what);
    }
  }
}

Charge ring_charge(std::string limit, std::string key, std::vector<Window> windows, std::uint64_t amount) {
  Charge charge;
  charge.limit = std::move(limit);
  charge.key = std::move(key);
  charge.windows = std::move(windows);
  charge.amount = amount;
  return charge;
}

Charge lease_charge(std::string limit, std::string key, std::uint64_t max, std::string member) {
  Charge charge = ring_charge(std::move(limit), std::move(key), {{max, std::chrono::seconds(0)}});
  charge.kind = CountKind::lease;
  charge.member = std::move(member);
  return charge;
}

Charge distinct_charge(std::string limit, std::string key, std::vector<Window> windows, std::string value) {
  Charge charge = ring_charge(std::move(limit), std::move(key), std::move(windows));
  charge.kind = CountKind::distinct;
  charge.member = std::move(value);
  return charge;
}

Charge first_charge(std::string limit, std::string key, std::vector<Window> windows, std::string who) {
  Charge charge = distinct_charge(std::move(limit), std::move(key), std::move(windows), std::move(who));
  charge.kind = CountKind::first_seen;
  return charge;
}

Deadline soon() { return Deadline::in(std::chrono::seconds(20)); }

void check_counter_table(const MakeStore& make) {
  for (const Case& row : ring_cases()) run_case(row, make);
  for (const Case& row : lease_cases()) run_case(row, make);
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What counter stores do over long random runs, over threads, and when asked what they hold.
#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <random>
#include <thread>

#include "../fixture/counter_cases.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

Window window(std::uint64_t max, std::int64_t seconds) { return {max, std::chrono::seconds(seconds)}; }
Charge ten(std::uint64_t amount) { return ring_charge("ten", "a", {window(10, 30)}, amount); }

// What a perfect sliding window would hold: every unit with its time. Milliseconds.
class ExactModel {
 public:
  void add(std::int64_t at, std::uint64_t units) { taken_.push_back({at, units}); }
  // Counted at most `ago` before `now`, that moment included, times 30.
  std::uint64_t within(std::int64_t now, std::int64_t thirty_times_ago) const {
    std::uint64_t sum = 0;
    for (auto one = taken_.rbegin(); one != taken_.rend() && (now - one->at) * 30 <= thirty_times_ago; ++one)
      sum += one->units;
    return sum;
  }

 private:
  struct Taken {
    std::int64_t at;
    std::uint64_t units;
  };
  std::deque<Taken> taken_;
};

}  // namespace

void check_exact_model(const MakeStore& make, unsigned rounds) {
  struct Row {
    std::string name;
    std::vector<Window> windows;
    std::int64_t longest_step;  // ms between two charges
    std::uint64_t most;         // units in one
  };
  const Row rows[] = {
      {"steady trickle", {window(10, 7)}, 1'500, 2},
      {"three windows at once", {window(5, 1), window(40, 60), window(100, 300)}, 4'000, 3},
      {"rare and large", {window(1'000, 3'600)}, 400'000, 600},
      {"flood", {window(50, 13)}, 40, 5},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ManualClock clock;
    const auto store = make(clock);
    std::mt19937_64 random(4711);
    ExactModel model;
    unsigned refused = 0;
    for (unsigned i = 0; i < rounds; ++i) {
      // Mostly small steps; sometimes exactly a period, where an off-by-one would show.
      const std::int64_t pick = static_cast<std::int64_t>(random() % 100);
      std::int64_t step = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(row.longest_step));
      if (pick == 0) step = row.windows[0].period.count() * 1000;
      if (pick > 80) step = 0;
      clock.advance(milliseconds(step));
      const std::int64_t now = std::chrono::floor<milliseconds>(clock.wall().time_since_epoch()).count();
      const Charge charge = ring_charge("model", "key", row.windows, 1 + random() % row.most);
      const auto charged = store->charge({&charge, 1}, soon());
      if (!charged) FAIL(charged.error().what);
      bool may = true, must = true;  // by a perfect window, and by one that is a 30th longer
      for (const Window& window : row.windows) {
        const std::int64_t period = window.period.count() * 1000;
        may = may && model.within(now, 30 * period) + charge.amount <= window.max;
        must = must && model.within(now, 31 * period) + charge.amount <= window.max;
      }
      if (charged->taken && !may) FAIL("round " << i << ": over its max within a period");
      if (!charged->taken && must) FAIL("round " << i << ": refused without cause");
      if (charged->taken) model.add(now, charge.amount);
      else ++refused;
    }
    CHECK(refused > rounds / 50);
    CHECK(refused < rounds);
  }
}

namespace {

// A call as the engine might make it: some limits of few keys, now and then a lease.
std::vector<Charge> random_charges(std::mt19937& random) {
  std::vector<Charge> charges;
  for (unsigned n = 1 + random() % 4; n > 0; --n) {
    const std::string key = std::to_string(random() % 3);
    if (random() % 4 == 0) {
      charges.push_back(lease_charge("open", key, random() % 4, "m" + std::to_string(random() % 6)));
    } else {
      std::vector<Window> windows = {{random() % 20, std::chrono::seconds(7)}};
      if (random() % 2 == 0) windows.push_back({random() % 60, std::chrono::seconds(61)});
      charges.push_back(ring_charge(random() % 2 == 0 ? "a" : "b", key, windows, random() % 6));
    }
    charges.back().enforce = random() % 4 != 0;
    charges.back().attempts = random() % 6 == 0;
  }
  return charges;
}

void check_equal(const Charged& a, const Charged& b) {
  CHECK(a.taken == b.taken);
  CHECK(a.receipt.slots == b.receipt.slots);
  REQUIRE(a.levels.size() == b.levels.size());
  for (std::size_t i = 0; i < a.levels.size(); ++i) {
    CAPTURE(i);
    CHECK(a.levels[i].over == b.levels[i].over);
    CHECK(a.levels[i].never_fits == b.levels[i].never_fits);
    CHECK(a.levels[i].window == b.levels[i].window);
    CHECK(a.levels[i].count == b.levels[i].count);
    CHECK(a.levels[i].retry_after == b.levels[i].retry_after);
  }
}

}  // namespace

void check_same_answers(const MakeStore& make_one, const MakeStore& make_other, unsigned rounds) {
  ManualClock clock;
  const auto one = make_one(clock), other = make_other(clock);
  std::mt19937 random(99);
  struct Made {
    std::vector<Charge> charges;
    Receipt receipt;
  };
  std::vector<Made> made;
  for (unsigned i = 0; i < rounds; ++i) {
    CAPTURE(i);
    const unsigned pick = random() % 100;
    // Never back: what memory has dropped as expired a clock that goes back would bring to life again in the other
    // store. The table of cases has clocks that go back.
    if (pick <= 1) clock.advance(milliseconds(random() % 100'000));
    else if (pick < 60) clock.advance(milliseconds(random() % 500));
    if (pick < 80 || made.empty()) {
      const auto charges = random_charges(random);
      const auto a = one->charge(charges, soon()), b = other->charge(charges, soon());
      REQUIRE(a);
      if (!b) FAIL(b.error().what);
      check_equal(*a, *b);
      made.push_back({charges, a->receipt});
      if (made.size() > 20) made.erase(made.begin());
    } else if (pick < 95) {
      const std::size_t which = random() % made.size();
      REQUIRE(one->give_back(made[which].charges, made[which].receipt, soon()));
      REQUIRE(other->give_back(made[which].charges, made[which].receipt, soon()));
      made.erase(made.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      const Charge lease = lease_charge("open", std::to_string(random() % 3), 2, "m" + std::to_string(random() % 6));
      REQUIRE(one->renew({&lease, 1}, soon()));
      REQUIRE(other->renew({&lease, 1}, soon()));
    }
  }
}

void check_threads(const MakeStore& make) {
  const SystemClock clock;
  const auto store = make(clock);
  constexpr std::uint64_t max = 1'000, tries = 400;
  const Charge a = ring_charge("shared", "a", {window(max, 86'400), window(2 * max, 600'000)});
  const Charge b = ring_charge("shared", "b", {window(1'000'000, 86'400)});
  std::atomic<std::uint64_t> taken{0}, refused{0}, failed{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < tries; ++i) {
        // In both orders: two calls must not wait for each other for ever.
        const std::vector<Charge> charges = thread % 2 == 0 ? std::vector{a, b} : std::vector{b, a};
        const auto charged = store->charge(charges, soon());
        ++(!charged ? failed : charged->taken ? taken : refused);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(taken == max);
  CHECK(refused == 8 * tries - max);
  const auto rows = store->list({.limit = "shared", .key = "b"}, soon());
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().count == max);
}

void check_lists(const MakeStore& make) {
  ManualClock clock;
  const auto store = make(clock);
  const Charge charges[] = {ring_charge("q|uota", "al*ce", {window(10, 30), window(100, 3'600)}, 3),
                            ring_charge("q|uota", "bob", {window(10, 30)}, 2),
                            lease_charge("open", "192.0.2.1", 9, "m1"), lease_charge("open", "192.0.2.1", 9, "m2")};
  REQUIRE(store->charge(charges, soon()));
  struct Row {
    CounterQuery query;
    std::int64_t after;  // seconds since the charge
    std::vector<CounterRow> want;
  };
  const CounterRow open{"open", "192.0.2.1", std::chrono::seconds(0), 2};
  const CounterRow short_one{"q|uota", "al*ce", std::chrono::seconds(30), 3};
  const CounterRow long_one{"q|uota", "al*ce", std::chrono::seconds(3'600), 3};
  const CounterRow bob{"q|uota", "bob", std::chrono::seconds(30), 2};
  const Row rows[] = {
      {{}, 0, {open, short_one, long_one, bob}},
      {{.limit = "q|uota", .key = {}}, 0, {short_one, long_one, bob}},
      {{.limit = {}, .key = "al*ce"}, 0, {short_one, long_one}},
      {{.limit = "q|uota", .key = "bob"}, 0, {bob}},
      {{.limit = "quota", .key = {}}, 0, {}},
      {{}, 31, {open, long_one}},
      {{}, 90, {long_one}},
      {{}, 4'000, {}},
  };
  std::int64_t passed = 0;
  for (const Row& row : rows) {
    CAPTURE(row.query.limit);
    CAPTURE(row.query.key);
    CAPTURE(row.after);
    clock.advance(std::chrono::seconds(row.after - passed));
    passed = row.after;
    const auto got = store->list(row.query, soon());
    REQUIRE(got);
    REQUIRE(got->size() == row.want.size());
    for (std::size_t i = 0; i < got->size(); ++i) {
      const CounterRow &have = (*got)[i], &want = row.want[i];
      CHECK(have.limit == want.limit);
      CHECK(have.key == want.key);
      CHECK(have.period == want.period);
      CHECK(have.count == want.count);
    }
  }
  std::vector<Charge> many;
  for (int i = 0; i < 50; ++i) many.push_back(ring_charge("many", std::to_string(i), {window(10, 30)}));
  REQUIRE(store->charge(many, soon()));
  const auto some = store->list({.limit = "many", .key = {}, .most = 7}, soon());
  REQUIRE(some);
  CHECK(some->size() == 7);
  CHECK(store->list({.limit = {}, .key = {}, .most = 0}, soon())->empty());

  // The highest of all, wherever the walk meets them; of equal ones the first by name.
  std::vector<Charge> more;
  for (unsigned i = 0; i < 2'000; ++i)
    more.push_back(ring_charge("some", std::to_string(i * 7919 % 2'000), {window(10'000, 30)}, 1 + i / 2));
  for (std::size_t i = 0; i < more.size(); i += 100) REQUIRE(store->charge(std::span(more).subspan(i, 100), soon()));
  const auto top = store->list({.limit = "some", .key = {}, .most = 5, .highest = true}, soon());
  REQUIRE(top);
  REQUIRE(top->size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK((*top)[i].count == 1'000 - i / 2);
  for (std::size_t i = 0; i < 4; i += 2) CHECK((*top)[i].key < (*top)[i + 1].key);
  CHECK(store->list({.limit = "some", .key = {}, .most = 10'000, .highest = true}, soon())->size() == 2'000);
}

void check_bad_charges(const MakeStore& make) {
  ManualClock clock;
  const auto store = make(clock);
  struct Row {
    std::string name;
    Charge charge;
    const char* error;
  };
  Charge windows = lease_charge("open", "a", 2, "m1");
  windows.windows.push_back(window(3, 0));
  Charge period = lease_charge("open", "a", 2, "m1");
  period.windows[0].period = std::chrono::seconds(30);
  const Row rows[] = {
      {"no period", ring_charge("x", "a", {window(1, 0)}), "a period must be between"},
      {"negative", ring_charge("x", "a", {window(1, -5)}), "a period must be between"},
      {"a century", ring_charge("x", "a", {window(1, 3'200'000'000)}), "a period must be between"},
      {"long key", ring_charge("x", std::string(5'000, 'k'), {window(1, 30)}), "more than 4096 bytes"},
      {"two windows", windows, "one maximum and no period"},
      {"a lease with a period", period, "one maximum and no period"},
      {"nobody", lease_charge("open", "a", 2, ""), "needs an id"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Charge good = ten(1);
    const std::vector<Charge> charges{good, row.charge};
    const auto charged = store->charge(charges, soon());
    REQUIRE_FALSE(charged);
    CHECK(charged.error().what.find(row.error) != std::string::npos);
    CHECK_FALSE(charged.error().temporary);
  }
  const Charge ask = ten(0), one = ten(1);
  const auto after = store->charge({&ask, 1}, soon());
  REQUIRE(after);
  CHECK(after->levels[0].count == 0);
  CHECK_FALSE(store->give_back({&one, 1}, Receipt{}, soon()));
  CHECK_FALSE(store->renew({&one, 1}, soon()));
}

}  // namespace mailweir

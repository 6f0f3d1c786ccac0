// SPDX-License-Identifier: BSD-2-Clause
// What all stores must do with values: those of distinct counters, and what first-seen counters remember.
#include <doctest/doctest.h>

#include "../fixture/counter_steps.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

std::vector<Case> distinct_cases() {
  const auto from = [](std::string value, std::uint64_t max = 2) {
    return distinct_charge("from", "bob", {window(max, 30)}, std::move(value));
  };
  const auto asks = [from](std::string value) {
    Charge charge = from(std::move(value));
    charge.amount = 0;
    return charge;
  };
  return {
      {"different values up to the max; one that is there is refreshed and fits; a new one when the oldest has left",
       {{.charges = {from("de")}, .want = {{.count = 1}}},
        {.after = 10'000, .charges = {from("at")}, .want = {{.count = 2}}},
        {.charges = {from("fr")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 20'000}}},
        {.charges = {from("de")}, .want = {{.count = 2}}},
        {.charges = {from("fr")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 30'000}}},
        {.after = 29'999,
         .charges = {from("fr")},
         .taken = false,
         .want = {{.over = true, .count = 2, .retry_after = 1}}},
        {.after = 1, .charges = {from("fr")}, .want = {{.count = 1}}}}},
      {"asking counts nothing",
       {{.charges = {asks("de")}, .want = {{.count = 0}}},
        {.charges = {from("de")}, .want = {{.count = 1}}},
        {.charges = {asks("at")}, .want = {{.count = 1}}},
        {.charges = {from("at")}, .want = {{.count = 2}}},
        {.charges = {asks("fr")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 30'000}}},
        {.charges = {asks("de")}, .want = {{.count = 2}}}}},
      {"what is given back was added by that call, and not seen since",
       {{.charges = {from("de")}, .want = {{.count = 1}}},
        {.after = 1, .charges = {from("at")}, .want = {{.count = 2}}},
        {.what = Step::give_back, .of = 1},
        {.after = 1, .charges = {from("fr")}, .want = {{.count = 2}}},
        {.charges = {from("de")}, .want = {{.count = 2}}},
        {.what = Step::give_back, .of = 4},
        {.charges = {asks("de")}, .want = {{.count = 2}}},
        {.after = 1, .charges = {from("fr")}, .want = {{.count = 2}}},
        {.what = Step::give_back, .of = 3},
        {.charges = {asks("fr")}, .want = {{.count = 2}}}}},
      {"count = all: over until enough have left, the newest max + 1 are kept",
       {{.charges = {attempts(from("de"))}, .want = {{.count = 1}}},
        {.after = 1'000, .charges = {attempts(from("at"))}, .want = {{.count = 2}}},
        {.after = 1'000,
         .charges = {attempts(from("fr"))},
         .taken = false,
         .want = {{.over = true, .count = 3, .retry_after = 28'000}}},
        {.after = 1'000,
         .charges = {attempts(from("it"))},
         .taken = false,
         .want = {{.over = true, .count = 3, .retry_after = 28'000}}},
        {.charges = {attempts(from("it"))},
         .taken = false,
         .want = {{.over = true, .count = 3, .retry_after = 28'000}}},
        {.after = 27'999, .charges = {asks("it")}, .want = {{.count = 3}}},
        {.after = 1, .charges = {attempts(from("it"))}, .want = {{.count = 2}}}}},
      {"what is not enforced is counted on",
       {{.charges = {unenforced(from("de"))}, .want = {{.count = 1}}},
        {.charges = {unenforced(from("at"))}, .want = {{.count = 2}}},
        {.charges = {unenforced(from("fr"))}, .want = {{.over = true, .count = 3, .retry_after = 30'000}}}}},
      {"a maximum that was lowered turns no known value away",
       {{.charges = {from("de", 3)}, .want = {{.count = 1}}},
        {.charges = {from("at", 3)}, .want = {{.count = 2}}},
        {.charges = {from("fr", 3)}, .want = {{.count = 3}}},
        {.charges = {from("de", 2)}, .want = {{.count = 3}}},
        {.charges = {from("it", 2)}, .taken = false, .want = {{.over = true, .count = 3, .retry_after = 30'000}}}}},
      {"several windows, a value twice in a call, all or none",
       {{.charges = {from("de"), from("de"), from("at")}, .want = {{.count = 1}, {.count = 1}, {.count = 2}}},
        {.what = Step::give_back, .of = 0},
        {.charges = {ten(10), from("de")}, .want = {{.count = 10}, {.count = 1}}},
        {.charges = {ten(1), from("at")},
         .taken = false,
         .want = {{.over = true, .count = 10, .retry_after = 31'000}, {.count = 1}}},
        {.charges = {asks("at")}, .want = {{.count = 1}}},
        {.charges = {distinct_charge("two", "bob", {window(2, 30), window(1, 300)}, "de")},
         .want = {{.window = 1, .count = 1}}},
        {.charges = {distinct_charge("two", "bob", {window(2, 30), window(1, 300)}, "at")},
         .taken = false,
         .want = {{.over = true, .window = 1, .count = 1, .retry_after = 300'000}}}}},
      {"a clock that goes back by more than the period forgets nothing, and keeps nothing for longer than a period",
       {{.charges = {from("de")}, .want = {{.count = 1}}},
        {.after = 10'000, .charges = {from("at")}, .want = {{.count = 2}}},
        {.after = -100'000,
         .charges = {from("fr")},
         .taken = false,
         .want = {{.over = true, .count = 2, .retry_after = 30'000}}},
        {.charges = {from("de")}, .want = {{.count = 2}}},
        {.after = 29'999,
         .charges = {from("fr")},
         .taken = false,
         .want = {{.over = true, .count = 2, .retry_after = 1}}},
        {.after = 1, .charges = {from("fr")}, .want = {{.count = 1}}}}},
      {"none may ever come",
       {{.charges = {from("de", 0)}, .taken = false, .want = {{.over = true, .never_fits = true}}}}},
  };
}

std::vector<Case> first_seen_cases() {
  const auto to = [](std::string who) { return first_charge("first", "bob", {window(2, 30)}, std::move(who)); };
  return {
      {"who was written to before costs nothing",
       {{.charges = {to("r1")}, .want = {{.count = 1}}},
        {.charges = {to("r1")}, .want = {{.count = 1}}},
        {.charges = {to("r2")}, .want = {{.count = 2}}},
        {.charges = {to("r3")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 31'000}}},
        {.charges = {to("r1")}, .want = {{.count = 2}}},
        {.what = Step::give_back, .of = 2},
        {.charges = {to("r3")}, .want = {{.count = 2}}},
        {.charges = {to("r2")}, .taken = false, .want = {{.over = true, .count = 2, .retry_after = 31'000}}},
        {.after = 31'000, .charges = {to("r3")}, .want = {{.count = 0}}},
        {.charges = {to("r2")}, .want = {{.count = 1}}}}},
      {"a call that is refused teaches nothing, one for attempts does",
       {{.charges = {ten(11), to("r1")}, .taken = false, .want = {{.over = true, .never_fits = true}, {.count = 0}}},
        {.charges = {to("r1")}, .want = {{.count = 1}}},
        {.charges = {ten(11), attempts(to("r2"))},
         .taken = false,
         .want = {{.over = true, .never_fits = true}, {.count = 2}}},
        {.charges = {to("r2")}, .want = {{.count = 2}}}}},
      {"several in a call",
       {{.charges = {to("r1"), to("r1"), to("r2")}, .want = {{.count = 1}, {.count = 1}, {.count = 2}}},
        {.what = Step::give_back, .of = 0},
        {.charges = {to("r1"), to("r2"), to("r3")},
         .taken = false,
         .want = {{.count = 0}, {.count = 1}, {.over = true, .count = 2, .retry_after = 31'000}}}}},
      {"a clock that goes back by a year forgets nothing",
       {{.charges = {to("r1")}, .want = {{.count = 1}}},
        {.after = -365 * 86'400'000LL, .charges = {to("r1")}, .want = {{.count = 1}}},
        {.charges = {to("r2")}, .want = {{.count = 2}}},
        {.after = 90 * 86'400'000LL - 1, .charges = {to("r1")}, .want = {{.count = 0}}},
        {.after = 90 * 86'400'000LL, .charges = {to("r1")}, .want = {{.count = 1}}}}},
      {"forgotten 90 days after the last charge",
       {{.charges = {to("r1")}, .want = {{.count = 1}}},
        {.after = 60 * 86'400'000LL, .charges = {to("r1")}, .want = {{.count = 0}}},
        {.after = 90 * 86'400'000LL - 1, .charges = {to("r1")}, .want = {{.count = 0}}},
        {.after = 90 * 86'400'000LL, .charges = {to("r1")}, .want = {{.count = 1}}}}},
  };
}

// The count that asking finds.
std::uint64_t asked(CounterStore& store, Charge charge) {
  charge.amount = 0;
  const auto answer = store.charge({&charge, 1}, soon());
  REQUIRE(answer);
  return answer->levels[0].count;
}

bool take(CounterStore& store, const Charge& charge) {
  const auto answer = store.charge({&charge, 1}, soon());
  REQUIRE(answer);
  return answer->taken;
}

}  // namespace

void check_values(const MakeStore& make) {
  for (const Case& row : distinct_cases()) run_case(row, make);
  for (const Case& row : first_seen_cases()) run_case(row, make);
  ManualClock clock;
  const auto store = make(clock);
  const auto country = [](std::string value) {
    return distinct_charge("countries", "bob", {{5, 3600s}}, std::move(value));
  };
  const auto to = [](std::string who) { return first_charge("strangers", "bob", {{5000, 3600s}}, std::move(who)); };
  for (const char* value : {"DE", "AT", "CH", "AT"}) CHECK(take(*store, country(value)));
  for (const char* who : {"a", "b", "a"}) CHECK(take(*store, to(who)));

  const auto rows = store->list({}, soon());
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK((*rows)[0].limit == "countries");
  CHECK((*rows)[0].period == 3600s);
  CHECK((*rows)[0].count == 3);
  CHECK((*rows)[1].limit == "strangers");
  CHECK((*rows)[1].count == 2);

  const auto reset = store->reset("countries", "bob", soon());
  REQUIRE(reset);
  CHECK(*reset == 1);
  CHECK(asked(*store, country("DE")) == 0);
  REQUIRE(store->reset("strangers", "bob", soon()));
  CHECK(take(*store, to("a")));
  CHECK(asked(*store, to("x")) == 0);  // "a" is known still

  // Of what is remembered the newest 1,000: the first is written to for the first time again.
  for (std::size_t i = 0; i < most_remembered; ++i) {
    clock.advance(1ms);
    CHECK(take(*store, to("r" + std::to_string(i))));
  }
  CHECK(asked(*store, to("x")) == 1000);
  CHECK(take(*store, to("r999")));
  CHECK(asked(*store, to("x")) == 1000);
  CHECK(take(*store, to("a")));
  CHECK(asked(*store, to("x")) == 1001);

  for (Charge bad : {distinct_charge("c", "k", {{5, 60s}}, ""),
                     distinct_charge("c", "k", {{5, 60s}}, std::string(longest_value + 1, 'x')),
                     distinct_charge("c", "k", {{most_distinct + 1, 60s}}, "x")})
    CHECK_FALSE(store->charge({&bad, 1}, soon()));
}

}  // namespace mailweir

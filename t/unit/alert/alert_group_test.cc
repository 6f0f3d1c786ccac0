// SPDX-License-Identifier: BSD-2-Clause
// Which alert goes at once and what a summary says; without a wait, for the time is an argument.
#include <doctest/doctest.h>

#include "adapter/alert/alert_group.h"
#include "adapter/alert/alert_lane.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{std::chrono::seconds(1'700'000'000)};

Alert hit(std::string rule, std::string key, std::chrono::seconds at, AlertKind kind = AlertKind::hit) {
  Alert alert;
  alert.time = noon + at;
  alert.rule = std::move(rule);
  alert.key = std::move(key);
  alert.kind = kind;
  return alert;
}

std::string told(const std::optional<AlertNotice>& notice) {
  if (!notice) return "-";
  if (const auto* alert = std::get_if<Alert>(&*notice)) return "alert " + alert->rule + ' ' + alert->key;
  const auto& summary = std::get<AlertSummary>(*notice);
  std::string text = "summary " + std::to_string(summary.alerts);
  for (const auto& line : summary.top) text += ", " + std::to_string(line.count) + ' ' + line.rule + ' ' + line.key;
  if (summary.more_keys > 0) text += ", more " + std::to_string(summary.more_keys);
  if (summary.lost > 0) text += ", lost " + std::to_string(summary.lost);
  return text;
}

TEST_CASE("the first at once, the rest as a summary per group time, until it is quiet") {
  AlertGroup group(5min);
  struct Step {
    std::chrono::seconds at;
    const char* rule;  // null: only due() is asked
    const char* key;
    std::string want_now, want_due;
  };
  const Step steps[] = {
      {0s, "stolen", "alice", "alert stolen alice", "-"},
      {1s, "stolen", "alice", "-", "-"},
      {2s, "stolen", "bob", "-", "-"},
      {3s, "forged", "eve", "alert forged eve", "-"},  // another rule's first is news
      {200s, "stolen", "alice", "-", "-"},
      {300s, nullptr, "", "-", "-"},
      {301s, nullptr, "", "-", "summary 3, 2 stolen alice, 1 stolen bob"},
      {302s, "stolen", "carl", "-", "-"},                // it goes on: no alert of its own
      {303s, "forged", "eve", "alert forged eve", "-"},  // this one was quiet for five minutes
      {602s, nullptr, "", "-", "summary 1, 1 stolen carl"},
      {603s, nullptr, "", "-", "-"},
      {610s, "stolen", "alice", "alert stolen alice", "-"},
      {2000s, nullptr, "", "-", "-"},
  };
  for (const Step& step : steps) {
    CAPTURE(step.at.count());
    const SteadyTime now{step.at};
    if (step.rule != nullptr) CHECK(told(group.add(hit(step.rule, step.key, step.at), now)) == step.want_now);
    CHECK(told(group.due(now)) == step.want_due);
  }
  CHECK_FALSE(group.next().has_value());
}

TEST_CASE("a night of spam is one alert and a summary per group time") {
  AlertGroup group(5min);
  int alerts = 0, summaries = 0;
  std::uint64_t counted = 0;
  for (int second = 0; second < 8 * 3600; ++second) {
    const SteadyTime now{std::chrono::seconds(second)};
    if (group.add(hit("stolen", "alice", std::chrono::seconds(second)), now)) ++alerts;
    if (const auto summary = group.due(now)) {
      ++summaries;
      counted += std::get<AlertSummary>(*summary).alerts;
    }
  }
  if (const auto rest = group.rest()) counted += std::get<AlertSummary>(*rest).alerts;
  CHECK(alerts == 1);
  CHECK(summaries == 8 * 12 - 1);
  CHECK(counted == 8 * 3600 - 1);
}

TEST_CASE("near and over of one rule are two things; the times of a line are its first and last") {
  AlertGroup group(1min);
  CHECK(told(group.add(hit("l", "alice", 0s, AlertKind::near), SteadyTime{0s})) == "alert l alice");
  CHECK(told(group.add(hit("l", "alice", 1s, AlertKind::over), SteadyTime{1s})) == "alert l alice");
  for (const auto at : {10s, 30s, 20s})
    CHECK(told(group.add(hit("l", "bob", at, AlertKind::over), SteadyTime{30s})) == "-");
  const auto summary = group.rest();
  REQUIRE(summary);
  const auto& sum = std::get<AlertSummary>(*summary);
  CHECK(sum.first == noon + 10s);
  CHECK(sum.last == noon + 30s);
  REQUIRE(sum.top.size() == 1);
  CHECK(sum.top[0].first == noon + 10s);
  CHECK(sum.top[0].last == noon + 30s);
  CHECK(sum.top[0].kind == AlertKind::over);
}

TEST_CASE("what is remembered is bounded, and the top of it is told") {
  AlertGroup group(5min);
  group.add(hit("r", "", 0s), SteadyTime{0s});
  const std::size_t keys = AlertGroup::most_lines + 500;
  for (std::size_t i = 0; i < keys; ++i) group.add(hit("r", std::to_string(i), 1s), SteadyTime{1s});
  for (int i = 0; i < 3; ++i) group.add(hit("r", "7", 1s), SteadyTime{1s});
  group.lose(11, SteadyTime{1s});
  const auto summary = group.due(SteadyTime{301s});
  REQUIRE(summary);
  const auto& sum = std::get<AlertSummary>(*summary);
  CHECK(sum.alerts == keys + 3);
  CHECK(sum.top.size() == AlertGroup::longest_top);
  CHECK(sum.top[0].key == "7");
  CHECK(sum.top[0].count == 4);
  CHECK(sum.more_keys == keys - AlertGroup::longest_top);
  CHECK(sum.lost == 11);
  CHECK_FALSE(group.rest().has_value());
  // So are the rules: what does not fit is collected.
  for (std::size_t i = 0; i < AlertGroup::most_rules; ++i)
    group.add(hit("rule" + std::to_string(i), "k", 400s), SteadyTime{400s});
  CHECK(told(group.add(hit("one-more", "k", 400s), SteadyTime{400s})) == "-");
  CHECK(told(group.add(hit("one-more", "k", 701s), SteadyTime{701s})) == "alert one-more k");
}

TEST_CASE("without a group time each goes at once; a shorter one is heeded by what waits") {
  AlertGroup group(0ms);
  for (int i = 0; i < 3; ++i) CHECK(told(group.add(hit("r", "k", 0s), SteadyTime{0s})) == "alert r k");
  CHECK(told(group.rest()) == "-");
  group.set_span(1h, SteadyTime{0s});
  group.add(hit("r", "k", 0s), SteadyTime{0s});
  group.add(hit("r", "k", 0s), SteadyTime{0s});
  CHECK(group.next() == SteadyTime{1h});
  group.set_span(10s, SteadyTime{60s});
  CHECK(group.next() == SteadyTime{70s});
  CHECK(told(group.due(SteadyTime{70s})) == "summary 1, 1 r k");
  group.lose(3, SteadyTime{100s});
  CHECK(told(group.due(SteadyTime{110s})) == "summary 0, lost 3");
}

TEST_CASE("pauses between tries grow, and end") {
  const int wants[] = {1, 1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (unsigned tries = 0; tries < AlertLane::most_tries; ++tries) {
    CAPTURE(tries);
    REQUIRE(pause_after(tries));
    CHECK(*pause_after(tries) == std::chrono::seconds(wants[tries]));
  }
  CHECK_FALSE(pause_after(AlertLane::most_tries));
}

}  // namespace
}  // namespace mailweir

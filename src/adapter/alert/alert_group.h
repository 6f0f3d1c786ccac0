// SPDX-License-Identifier: BSD-2-Clause
// AlertGroup: which alert goes out at once, and which waits for the summary. The first of a rule (and kind) goes at
// once; those that follow within the group time are collected, and what was collected goes as one summary when that
// time is over. A rule is quiet again, and its next alert goes at once, when it raised none for a group time: a night
// of spam is one alert and a summary per group time. One thread; bounded in what it remembers. Time is an argument.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "port/alert.h"
#include "port/reputation_alert.h"

namespace mailweir {

struct AlertSummary {
  struct Line {
    std::string rule;
    AlertKind kind = AlertKind::hit;
    std::string key;
    bool shadow = false;
    std::uint64_t count = 0;
    WallTime first, last;
  };
  WallTime first, last;  // of all its alerts
  std::uint64_t alerts = 0;
  std::vector<Line> top;        // those with the most, the most first
  std::uint64_t more_keys = 0;  // lines that are left out; beyond what is remembered a key may count more than once
  std::uint64_t lost = 0;       // alerts there was no room for
};
using AlertNotice = std::variant<Alert, AlertSummary, ReputationAlert>;

class AlertGroup {
 public:
  static constexpr std::size_t most_lines = 2000, most_rules = 2000, longest_top = 20;

  explicit AlertGroup(std::chrono::milliseconds span) : span_(span) {}

  // The alert itself, if it goes at once.
  std::optional<AlertNotice> add(Alert alert, SteadyTime now);
  // So many could not be taken: the next summary tells it.
  void lose(std::uint64_t count, SteadyTime now);
  // The summary, when its time has come.
  std::optional<AlertNotice> due(SteadyTime now);
  // The same, before its time: at the end.
  std::optional<AlertNotice> rest();
  // When due() has something next.
  std::optional<SteadyTime> next() const { return due_; }
  // From now on; what is collected waits no longer than that.
  void set_span(std::chrono::milliseconds span, SteadyTime now);

 private:
  using RuleKind = std::pair<std::string, AlertKind>;
  using LineKey = std::tuple<std::string, AlertKind, std::string>;

  void collect(const Alert& alert, SteadyTime now);

  std::chrono::milliseconds span_;
  std::map<RuleKind, SteadyTime> loud_until_;
  std::map<LineKey, AlertSummary::Line> lines_;
  std::optional<SteadyTime> due_;
  AlertSummary sum_;  // but its lines
};

}  // namespace mailweir

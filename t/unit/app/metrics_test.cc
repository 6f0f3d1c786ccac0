// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "../fixture/manual.h"
#include "app/daemon_status.h"

using namespace mailweir;

namespace {

// As the manual describes it.
std::string description(const StatusReport::Known& known) {
  std::string text = std::string(known.metric.help) + ".\n";
  for (std::size_t i = 0; i < known.labels.size(); ++i)
    text += (i == 0 ? "Labels: " : ", ") + std::string(known.labels[i]);
  return text + (known.labels.empty() ? "" : ".\n");
}

}  // namespace

TEST_CASE("metrics: the manual lists them all, with their help texts and labels") {
  auto in_manual = manual_items("mailweir.8", "METRICS");
  CHECK(in_manual.size() > 50);
  for (const auto& known : DaemonStatus::all_metrics()) {
    const std::string name(known.metric.name);
    CAPTURE(name);
    CHECK(in_manual[name] == description(known));
    in_manual.erase(name);
    // As the manual says: it does not name the kinds one by one.
    CHECK(name.ends_with("_total") == (known.metric.as == InMetrics::As::counter));
  }
  for (const auto& [name, text] : in_manual) FAIL_CHECK(name << " is in the manual only");
}

TEST_CASE("metrics: a report leaves out what is not there, and prints the same rows twice") {
  struct Thing {
    std::string name;
    std::atomic<std::uint64_t> count{0};
    bool up = true;
  };
  constexpr Metric<Thing> rows[] = {
      {"name", as_label("thing"), via<&Thing::name>},
      {"count", as_counter("things_total", "Things", "of", "ours"), via<&Thing::count>},
      {"part.up", as_gauge("thing_up", "Whether it is up"), via<&Thing::up>},
      {"gone", as_gauge("thing_gone", "Never"), [](const Thing&) { return Reading(); }},
      {as_counter("only_metric_total", "Not in status"), [](const Thing&) -> Reading { return 7u; }},
  };
  Thing one{"a", {3}, true}, two{"b\"\\", {4}, false};
  StatusReport report;
  report.add_list("none");
  report.add("", rows, static_cast<const Thing*>(nullptr));
  report.add_each("things", rows, std::vector<const Thing*>{&one, &two});
  CHECK(report.status() == R"({
  "none": [],
  "things": [
    {
      "count": 3,
      "name": "a",
      "part": {
        "up": true
      }
    },
    {
      "count": 4,
      "name": "b\"\\",
      "part": {
        "up": false
      }
    }
  ]
}
)");
  CHECK(report.metrics() == R"(# HELP things_total Things
# TYPE things_total counter
things_total{thing="a",of="ours"} 3
things_total{thing="b\"\\",of="ours"} 4
# HELP thing_up Whether it is up
# TYPE thing_up gauge
thing_up{thing="a"} 1
thing_up{thing="b\"\\"} 0
# HELP only_metric_total Not in status
# TYPE only_metric_total counter
only_metric_total{thing="a"} 7
only_metric_total{thing="b\"\\"} 7
)");
  CHECK(report.known().size() == 4);
  CHECK(report.known()[0].labels == std::vector<std::string_view>{"thing", "of"});
}

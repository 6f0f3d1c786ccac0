// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scan_servers.h"

#include <doctest/doctest.h>

namespace mailweir {
namespace {

struct Lines final : Log {
  void write(Severity, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

using Round = std::vector<std::size_t>;

TEST_CASE("scanner's servers: one that did not answer is left alone for a while, and never forgotten") {
  Lines log;
  ScanServers servers(
      "clamd",
      {*SocketName::parse("unix:/a"), *SocketName::parse("inet:3310@192.0.2.1"), *SocketName::parse("unix:/c")}, log);
  const SteadyTime start{std::chrono::hours(1)};
  const auto later = ScanServers::left_alone;
  CHECK(servers.round(start) == Round{0, 1, 2});
  servers.failed(0, "no such file", start);
  CHECK(servers.round(start) == Round{1, 2, 0});
  servers.failed(1, "refused", start);
  servers.failed(2, "refused", start + later / 2);
  CHECK(servers.round(start + later / 2) == Round{0, 1, 2});  // all are tried nevertheless
  CHECK(servers.round(start + later) == Round{0, 1, 2});
  servers.failed(0, "no such file", start + later);
  CHECK(servers.round(start + later) == Round{1, 0, 2});
  servers.answered(0);
  CHECK(servers.round(start + later) == Round{0, 1, 2});

  REQUIRE(log.all.size() == 4);  // three are down, one is up again: each told once
  CHECK(log.all[0] == "event=scanner-down scanner=clamd server=unix:/a reason=\"no such file\"");
  CHECK(log.all[3] == "event=scanner-up scanner=clamd server=unix:/a");
  servers.answered(0);
  CHECK(log.all.size() == 4);
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// A decision keeps its evidence: no condition is asked twice, neither by the decision nor by the log, the block's
// reason or the trace.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "engine/evaluation.h"
#include "engine/trace.h"

namespace mailweir {
namespace {

using test::Engine;

// A table that has everything, and forgets it once it was asked as often as it is told to.
class CountingTable final : public Table {
 public:
  explicit CountingTable(int most = 1'000'000) : most_(most) {}
  Found find(const IpAddress&) const override { return once(); }
  Found find_domain(std::string_view) const override { return once(); }
  Found find(const Address&) const override { return once(); }
  Found find_word(std::string_view) const override { return once(); }
  std::size_t size() const override { return 1; }
  void each(const std::function<void(std::string_view, std::string_view)>&) const override {}
  int asked() const { return asked_; }

 private:
  Found once() const { return ++asked_ <= most_ ? Found(std::string("value")) : Found(); }
  const int most_;
  mutable int asked_ = 0;
};

// A rule's cells with a "list:" reference get the table instead.
void put(Policy& policy, Stage stage, const TablePtr& table) {
  for (auto& rule : policy.rules[index(stage)])
    for (auto* conditions : {&rule.when, &rule.unless})
      for (auto& cells : conditions->tables)
        for (auto& cell : cells)
          for (auto& test : cell.tests)
            if (std::holds_alternative<TableTest>(test.what)) test.what = TableTest{table};
}

constexpr std::string_view two_lists = R"(
[lists]
bad = ["198.51.100.1"]
[[rule]]
name = "banned"
at = "mail"
when = { client_address = "list:bad", sender = "list:bad" }
reject = "550 5.7.1 banned"
block = { by = "client_address", for = "1h" }
)";

TEST_CASE("a refusal with two list conditions makes two lookups: the log and the block's reason say what it saw") {
  Engine engine(std::string(test::milter_only) + std::string(two_lists));
  const auto table = std::make_shared<CountingTable>(2);  // the list changes right after the decision
  put(*engine.policy, Stage::mail, table);
  const auto session = engine.message(Door::milter);
  const Verdict verdict = session->judge(Stage::mail);
  session->log_verdict(verdict);
  CHECK(verdict.refuses());
  CHECK(table->asked() == 2);
  const auto lines = engine.log.of("verdict");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("client_address=192.0.2.7") != std::string::npos);
  const auto blocks = engine.memory->blocks(10, Deadline::in(std::chrono::seconds(1)));
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 1);
  CHECK(blocks->front().reason == "client_address 192.0.2.7, sender alice@example.com");
}

TEST_CASE("a trace asks what the decision asks, and says what was not asked") {
  Engine engine(std::string(test::milter_only) + std::string(two_lists));
  const auto session = engine.message(Door::milter);
  Trace trace;
  CHECK_FALSE(session->judge(Stage::mail, &trace).refuses());
  REQUIRE(trace.rules.size() == 2);  // whether its key is blocked comes first
  REQUIRE(trace.rules[1].cells.size() == 2);
  CHECK(trace.rules[1].cells[0].outcome == Tri::no);
  CHECK(trace.rules[1].cells[0].value == "192.0.2.7");
  CHECK_FALSE(trace.rules[1].cells[1].outcome);
}

TEST_CASE("explain asks the DNS what the daemon asks") {
  constexpr std::string_view rules = R"(
[[rule]]
name = "spf"
at = "mail"
when = { spf = "fail", sasl_method = "PLAIN" }
reject = "550 5.7.23 spf"
[[rule]]
name = "unless"
at = "mail"
when = { iprev = "fail" }
unless = { client_address = "192.0.2.0/24" }
reject = "550 5.7.25 iprev"
[[rule]]
name = "domain"
at = "mail"
when = { sender_domain_dns = "nxdomain" }
reject = "550 5.1.8 no such domain"
)";
  constexpr std::string_view zone = "example.com. 300 MX 10 mx.example.com.\nmx.example.com. 300 A 192.0.2.1\n";
  Engine daemon(std::string(test::milter_only) + std::string(rules), zone),
      explained(std::string(test::milter_only) + std::string(rules), zone);
  const auto session = daemon.message(Door::milter);
  session->judge(Stage::mail);
  const auto asked = explained.message(Door::milter);
  Trace trace;
  asked->judge(Stage::mail, &trace);
  CHECK_FALSE(daemon.resolver.asked.empty());
  CHECK(explained.resolver.asked == daemon.resolver.asked);
}

}  // namespace
}  // namespace mailweir

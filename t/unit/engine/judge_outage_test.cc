// SPDX-License-Identifier: BSD-2-Clause
// Limits while their store is away: what a node's share means, and how much is said of it.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/passing_store.h"

namespace mailweir {
namespace {

using test::Engine;

// Counts like the memory store, but with a third of each maximum, as a node does whose shared store is away.
class AThird final : public test::PassingStore {
 public:
  using PassingStore::PassingStore;
  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    std::vector<Charge> parts(charges.begin(), charges.end());
    for (Charge& part : parts)
      for (Window& window : part.windows) window.max /= 3;
    auto charged = inner_.charge(parts, deadline);
    for (std::size_t i = 0; charged && i < parts.size(); ++i)
      if (parts[i].kind != CountKind::block && charged->levels[i].over)
        charged->levels[i].share = parts[i].windows[charged->levels[i].window].max;
    return charged;
  }
  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    deadlines.push_back(deadline.at());
    if (refunds_fail) return Error{"redis: connection refused", true};
    return inner_.give_back(charges, receipt, deadline);
  }
  Result<bool> block(const Block& block, bool replace, Deadline deadline) override {
    blocked.push_back(block.limit);
    return inner_.block(block, replace, deadline);
  }

  bool refunds_fail = false;
  std::vector<std::string> blocked;
  std::vector<SteadyTime> deadlines;
};

struct Sharing {
  explicit Sharing(const std::string& text)
      : engine(text), counters(*engine.memory),
        leases(counters), services{engine.resolver, counters,     engine.log,  engine.clock,
                                   leases,          engine.board, engine.stats} {}
  Verdict send() {
    Session session(services, engine.policy, Door::milter);
    session.client().address = IpAddress::parse("192.0.2.7");
    engine.begin(session);
    Verdict verdict = session.judge(Stage::data);
    session.log_verdict(verdict);
    session.end_transaction(!verdict.refuses());
    return verdict;
  }
  Engine engine;
  AThird counters;
  Leases leases;
  Services services;
};

std::string rule(std::string_view limit, std::string_view action) {
  return std::string(test::milter_only) +
         "[[rule]]\nname = \"quota\"\nat = \"data\"\nlimit = { by = \"client_address\", of = \"messages\", " +
         std::string(limit) + " }\n" + std::string(action) + "\n";
}

TEST_CASE("over a node's share: put off as the rule says, but no block, no alert, and nothing refused for good") {
  struct Row {
    const char *limit, *action, *want;
  };
  const Row rows[] = {
      {R"(max = "9/1h")", "defer = \"451 4.7.1 {limit} reached\"", "451 4.7.1 3/1h (this node's share) reached"},
      {R"(max = "9/1h")", "reject = \"550 5.7.1 no more than {limit}\"",
       "450 4.7.1 no more than 3/1h (this node's share)"},
      {R"(max = "9/1h", block = "1d")", "reject = \"550 5.7.1 {count} sent\"\nalert = true", "450 4.7.1 3 sent"},
      {R"(max = "9/1h")", "reject = \"550 5.7.1 no\"\nalert = true", "450 4.7.1 no"},
      {R"(max = "9/1h")", "hold = true", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.limit);
    CAPTURE(row.action);
    Sharing node(rule(row.limit, row.action));
    for (int i = 0; i < 3; ++i) CHECK(node.send().silent());
    const Verdict verdict = node.send();
    CHECK((verdict.refuses() ? verdict.reply.line() : "") == row.want);
    CHECK(verdict.alerts.empty());
    REQUIRE(verdict.used.size() == 1);
    CHECK(verdict.used[0].share);
    CHECK(node.counters.blocked.empty());
    CHECK(node.engine.log.of("alert").empty());
    CHECK(node.engine.log.of("key-blocked").empty());
    const auto lines = node.engine.log.of("verdict");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("used=\"quota:") != std::string::npos);
    CHECK(lines[0].find("/9/1h(over this node's share)\"") != std::string::npos);
    if (*row.want != 0) CHECK(lines[0].find("reason=\"over this node's share of the limit") != std::string::npos);
  }
}

TEST_CASE("refunds that fail: all are tried, within one deadline, and told once a second") {
  const std::string limits = std::string(test::milter_only) +
                             "[[rule]]\nname = \"a\"\nat = \"mail\"\nlimit = { by = \"client_address\", of = "
                             "\"messages\", max = \"9/1h\" }\nreject = \"550 5.7.1 no\"\n"
                             "[[rule]]\nname = \"b\"\nat = \"data\"\nlimit = { by = \"client_address\", of = "
                             "\"messages\", max = \"9/1h\" }\nreject = \"550 5.7.1 no\"\n";
  Sharing node(limits);
  node.counters.refunds_fail = true;
  for (int i = 0; i < 3; ++i) {
    Session session(node.services, node.engine.policy, Door::milter);
    session.client().address = IpAddress::parse("192.0.2.7");
    node.engine.begin(session);
    CHECK(session.judge(Stage::mail).silent());
    CHECK(session.judge(Stage::data).silent());
    session.end_transaction(false);
  }
  CHECK(node.engine.stats.counter_errors == node.counters.deadlines.size());
  CHECK(node.counters.deadlines.size() >= 3);
  CHECK(node.engine.log.of("give-back-failed").size() == 1);
  const auto now = node.engine.clock.steady();
  node.services.trouble_lines->flush(node.engine.log, now);
  CHECK(node.engine.log.of("give-back-failed").size() == 1);  // its second is not over
  node.services.trouble_lines->flush(node.engine.log, now + std::chrono::seconds(1));
  const auto lines = node.engine.log.of("give-back-failed");
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].find(" count=" + std::to_string(node.counters.deadlines.size() - 1) + " ") != std::string::npos);
}

TEST_CASE("counters that cannot be asked: a line a second, which says how many messages it stands for") {
  Engine engine(rule(R"(max = "9/1h")", "reject = \"550 5.7.1 no\"") +
                    "[counters]\nstore = \"redis://127.0.0.1:1/0\"\non_outage = \"continue\"\n",
                "", true);
  const auto send = [&engine] {
    const auto session = engine.message(Door::milter);
    CHECK_FALSE(session->judge(Stage::data).refuses());
    session->end_transaction(true);
  };
  for (int i = 0; i < 500; ++i) send();
  CHECK(engine.log.of("limits-not-asked").size() == 1);
  engine.clock.advance(std::chrono::seconds(1));
  for (int i = 0; i < 500; ++i) send();
  const auto lines = engine.log.of("limits-not-asked");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("count=") == std::string::npos);
  CHECK(lines[1].find("reason=\"redis: connection refused\" count=500") != std::string::npos);
}

}  // namespace
}  // namespace mailweir

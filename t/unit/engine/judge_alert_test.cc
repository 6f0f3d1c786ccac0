// SPDX-License-Identifier: BSD-2-Clause
// Alerts of the engine: a limit's edges are told once a period by one of all nodes, a rule's hits each time.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

class Told final : public AlertSink {
 public:
  void raise(Alert alert) override { alerts.push_back(std::move(alert)); }
  // "near alice 80/100" ..., and forgets them.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (const Alert& alert : alerts) {
      std::string text = std::string(to_string(alert.kind)) + ' ' + alert.key;
      if (!alert.limit.empty()) text += ' ' + std::to_string(alert.count) + " of " + alert.limit;
      texts.push_back(text + (alert.shadow ? " shadow" : ""));
    }
    alerts.clear();
    return texts;
  }
  std::vector<Alert> alerts;
};

using Texts = std::vector<std::string>;

std::string policy(std::string_view limit, std::string_view more = "reject = \"550 5.7.1 no\"\nalert = true\n") {
  return std::string(test::milter_only) +
         "[[rule]]\nname = \"l\"\nat = \"data\"\nlimit = { by = \"sasl_username\", of = \"messages\", " +
         std::string(limit) + " }\n" + std::string(more);
}

test::Mail of(std::string login) {
  test::Mail mail;
  mail.login = std::move(login);
  return mail;
}

void send(Engine& engine, const test::Mail& mail, int times = 1) {
  for (int i = 0; i < times; ++i) {
    const auto session = engine.message(Door::milter, mail);
    const Verdict verdict = session->judge(Stage::data);
    session->log_verdict(verdict);
    session->end_transaction(!verdict.refuses());
  }
}

TEST_CASE("a limit warns once, alerts once, and again after a period at the earliest") {
  Engine engine(policy(R"(max = "5/1h", warn_at = "80%")"));
  Told told;
  engine.services.alerts = &told;
  struct Step {
    std::string what;
    std::chrono::minutes later;
    int messages;
    Texts want;
  };
  const Step steps[] = {
      {"below its share", std::chrono::minutes(0), 3, {}},
      {"the share is reached", std::chrono::minutes(0), 1, {"near alice 4 of 5/1h"}},
      {"up to the maximum", std::chrono::minutes(0), 1, {}},
      {"over it", std::chrono::minutes(0), 1, {"over alice 5 of 5/1h"}},
      {"and still", std::chrono::minutes(1), 50, {}},
      {"for most of the period", std::chrono::minutes(50), 20, {}},
      {"below and over again within the period of the mark", std::chrono::minutes(7), 1, {}},
      {"a period later it falls back, and crosses both again",
       std::chrono::minutes(70),
       6,
       {"near alice 4 of 5/1h", "over alice 5 of 5/1h"}},
  };
  for (const Step& step : steps) {
    CAPTURE(step.what);
    engine.clock.advance(step.later);
    send(engine, of("alice"), step.messages);
    CHECK(told.take() == step.want);
  }
  send(engine, of("bob"), 6);
  CHECK(told.take() == Texts{"near bob 4 of 5/1h", "over bob 5 of 5/1h"});
  CHECK(engine.log.of("alert").size() == 6);
  const auto blocks = engine.memory->blocks(100, Deadline::in(std::chrono::seconds(1)));
  REQUIRE(blocks);
  CHECK(blocks->empty());
}

TEST_CASE("an alert, its line and the reason of a block say what the message would have added") {
  struct Row {
    std::string what, limit;
    std::vector<std::size_t> recipients;
    std::uint64_t count, adds;
    std::string reason;  // of the block
  };
  const Row rows[] = {
      {"several at once", R"(max = "30/1h")", {29, 5}, 29, 5, ""},
      {"the maximum was reached", R"(max = "30/1h")", {30, 5}, 30, 5, ""},
      {"a block",
       R"(max = "30/1h", block = "1d")",
       {29, 5},
       29,
       5,
       "over 30/1h, 29 counted and 5 more in this message"},
      {"a block when the maximum was reached",
       R"(max = "30/1h", block = "1d")",
       {30, 5},
       30,
       5,
       "over 30/1h, 30 counted"},
      {"what is over counts all the same", R"(max = "30/1h", count = "all")", {29, 5}, 34, 0, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Engine engine(std::string(test::milter_only) +
                  "[[rule]]\nname = \"l\"\nat = \"data\"\nlimit = { by = \"sasl_username\", of = \"recipients\", " +
                  row.limit + " }\nreject = \"550 5.7.1 no\"\nalert = true\n");
    Told told;
    engine.services.alerts = &told;
    for (const std::size_t recipients : row.recipients) {
      test::Mail mail = of("alice");
      mail.recipients.assign(recipients, "bob@example.net");
      send(engine, mail);
    }
    REQUIRE(told.alerts.size() == 1);
    CHECK(told.alerts[0].count == row.count);
    CHECK(told.alerts[0].adds == row.adds);
    const auto lines = engine.log.of("alert");
    REQUIRE(lines.size() == 1);
    CHECK((lines[0].find(" count=" + std::to_string(row.count) + " adds=" + std::to_string(row.adds) + ' ') !=
           std::string::npos) == (row.adds > 0));
    CHECK((lines[0].find(" adds=") != std::string::npos) == (row.adds > 0));
    const auto blocks = engine.memory->blocks(10, Deadline::in(std::chrono::seconds(1)));
    REQUIRE(blocks);
    REQUIRE(blocks->size() == (row.reason.empty() ? 0 : 1));
    if (!blocks->empty()) CHECK(blocks->front().reason == row.reason);
  }
}

TEST_CASE("a key that stays over alerts once a period") {
  Engine engine(policy(R"(max = "2/1h")"));
  Told told;
  engine.services.alerts = &told;
  std::size_t alerts = 0;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    send(engine, of("alice"), 3);
    alerts += told.take().size();
    engine.clock.advance(std::chrono::minutes(1));
  }
  CHECK(alerts == 24);
}

TEST_CASE("what warns and alerts, and how") {
  struct Row {
    std::string what;
    std::string policy;
    int messages;
    Texts want;
  };
  const Row rows[] = {
      {"each window by its own maximum",
       policy(R"(max = ["4/1h", "8/1d"], warn_at = "50%")"),
       5,
       {"near a@b.example 2 of 4/1h", "near a@b.example 4 of 8/1d", "over a@b.example 4 of 4/1h"}},
      {"an override's maximum",
       "[maps.quota]\n\"a@b.example\" = \"10/1h\"\n" +
           policy(R"(max = "2/1h", overrides = "map:quota", warn_at = "80%")"),
       9,
       {"near a@b.example 8 of 10/1h"}},
      {"unlimited",
       "[maps.quota]\n\"a@b.example\" = \"unlimited\"\n" +
           policy(R"(max = "2/1h", overrides = "map:quota", warn_at = "80%")"),
       9,
       {}},
      {"without alert only the warning",
       policy(R"(max = "2/1h", warn_at = "50%")", "reject = \"550 5.7.1 no\"\n"),
       9,
       {"near a@b.example 1 of 2/1h"}},
      {"a warning is something to do",
       policy(R"(max = "2/1h", warn_at = "50%")", ""),
       9,
       {"near a@b.example 1 of 2/1h"}},
      {"an alert that lets the mail pass",
       policy(R"(max = "2/1h")", "alert = true\n"),
       9,
       {"over a@b.example 3 of 2/1h"}},
      {"neither", policy(R"(max = "2/1h")", "reject = \"550 5.7.1 no\"\n"), 9, {}},
      {"a shadow says so",
       policy(R"(max = "2/1h", warn_at = "99%")", "reject = \"550 5.7.1 no\"\nalert = true\nshadow = true\n"),
       9,
       {"near a@b.example 2 of 2/1h shadow", "over a@b.example 3 of 2/1h shadow"}},
      {"a block is the alert", policy(R"(max = "2/1h", block = "1d")"), 9, {"blocked a@b.example 2 of 2/1h"}},
      {"the share of a small maximum is rounded up",
       policy(R"(max = "1/1h", warn_at = "1%")"),
       2,
       {"near a@b.example 1 of 1/1h", "over a@b.example 1 of 1/1h"}},
      {"a maximum of nothing has no share",
       policy(R"(max = "0/1h", warn_at = "80%")"),
       2,
       {"over a@b.example 0 of 0/1h"}},
      {"a rule without a limit: each hit",
       std::string(test::milter_only) +
           "[[rule]]\nname = \"r\"\nat = \"data\"\nreject = \"550 5.7.1 no\"\nalert = true\n",
       3,
       {"hit a@b.example", "hit a@b.example", "hit a@b.example"}},
      {"its shadow, too",
       std::string(test::milter_only) +
           "[[rule]]\nname = \"r\"\nat = \"data\"\nreject = \"550 5.7.1 no\"\nalert = true\nshadow = true\n",
       1,
       {"hit a@b.example shadow"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Engine engine(row.policy);
    Told told;
    engine.services.alerts = &told;
    send(engine, of("a@b.example"), row.messages);
    CHECK(told.take() == row.want);
    CHECK(engine.log.of("alert").size() == row.want.size());
  }
}

TEST_CASE("a message that is too much by itself is no crossing: its key has used nothing") {
  Engine engine(std::string(test::milter_only) +
                "[[rule]]\nname = \"l\"\nat = \"data\"\nlimit = { by = \"sasl_username\", of = \"recipients\", max = "
                "\"2/1h\", block = \"1d\" }\n"
                "reject = \"550 5.7.1 no\"\nalert = true\n");
  Told told;
  engine.services.alerts = &told;
  test::Mail large = of("alice");
  large.recipients = {"a@example.net", "b@example.net", "c@example.net"};
  send(engine, large, 2);
  CHECK(told.take() == Texts{"hit alice", "hit alice"});
  send(engine, of("alice"), 3);
  CHECK(told.take() == Texts{"blocked alice 2 of 2/1h"});
}

TEST_CASE("of two nodes one tells; a dry run tells nothing") {
  Engine first(policy(R"(max = "2/1h", warn_at = "50%")")), second(policy(R"(max = "2/1h", warn_at = "50%")"));
  Services shared{second.resolver, *first.memory, second.log, first.clock, second.leases, second.board, second.stats};
  Told one, two;
  first.services.alerts = &one;
  shared.alerts = &two;
  send(first, of("alice"), 3);
  CHECK(one.take() == Texts{"near alice 1 of 2/1h", "over alice 2 of 2/1h"});
  for (int i = 0; i < 5; ++i) {
    Session session(shared, second.policy, Door::milter);
    second.begin(session, of("alice"));
    CHECK(session.judge(Stage::data).refuses());
  }
  CHECK(two.take().empty());
}

TEST_CASE("the mail that carries an alert makes none, but from this machine only") {
  struct Row {
    const char* sender;
    Origin origin;
    std::size_t want;
  };
  const Row rows[] = {{"Alerts@example.com", Origin::local, 0},
                      {"alerts@example.com", Origin::smtp, 1},
                      {"www-data@example.com", Origin::local, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.sender);
    Engine engine("[alerts]\nmail_from = \"alerts@example.com\"\n" + std::string(test::milter_only) +
                  "[[rule]]\nname = \"r\"\nat = \"data\"\nhold = \"all\"\nalert = true\n");
    Told told;
    engine.services.alerts = &told;
    test::Mail mail;
    mail.sender = row.sender;
    const auto session = engine.message(Door::milter, mail);
    session->client().origin = row.origin;
    session->log_verdict(session->judge(Stage::data));
    CHECK(told.alerts.size() == row.want);
    CHECK(engine.log.of("alert").size() == 1);
  }
}

TEST_CASE("what an alert knows") {
  Engine engine(policy(R"(max = "0/1h", name = "shared")"));
  Told told;
  engine.services.alerts = &told;
  send(engine, of("alice"));
  REQUIRE(told.alerts.size() == 1);
  const Alert& alert = told.alerts.front();
  CHECK(alert.time == engine.clock.wall());
  CHECK(alert.rule == "l");
  CHECK(alert.action == "reject");
  CHECK(alert.maximum == 0);
  CHECK(alert.login == "alice");
  CHECK(alert.client_address == "192.0.2.7");
  CHECK(alert.sender == "alice@example.com");
  CHECK(alert.id.size() == 11);
}

TEST_CASE("marks of this node are bounded, and end") {
  AlertMarks marks;
  const SteadyTime start;
  for (std::size_t i = 0; i < AlertMarks::most; ++i)
    CHECK(marks.enter(std::to_string(i), start, std::chrono::seconds(60)));
  CHECK_FALSE(marks.enter("5", start + std::chrono::seconds(59), std::chrono::seconds(60)));
  for (int i = 0; i < 2; ++i)
    CHECK(marks.enter("one more", start, std::chrono::seconds(60)));  // no room: it is asked each time
  CHECK(marks.enter("one more", start + std::chrono::seconds(60), std::chrono::seconds(60)));
  CHECK_FALSE(marks.enter("one more", start + std::chrono::seconds(61), std::chrono::seconds(60)));
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Limits: when they are asked, what they count, who decides, and what is given back.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;
using test::names_of;
using test::rule_of;

std::string milter(std::string_view rules) { return std::string(test::milter_only) + std::string(rules); }

std::string limit_rule(std::string_view name, std::string_view limit,
                       std::string_view action = "defer = \"450 4.7.1 later\"") {
  return "[[rule]]\nname = \"" + std::string(name) + "\"\nat = \"data\"\nlimit = { " + std::string(limit) + " }\n" +
         std::string(action) + "\n";
}

constexpr std::string_view reject_mallory =
    "[[rule]]\nname = \"mallory\"\nat = \"data\"\n"
    "when = { sender = \"mallory@example.com\" }\nreject = \"550 5.7.1 no\"\n";

test::Mail from(std::string sender) {
  test::Mail mail;
  mail.sender = std::move(sender);
  return mail;
}

// One message, judged at data and taken unless refused.
Verdict send(Engine& engine, const test::Mail& mail = {}) {
  const auto session = engine.message(Door::milter, mail);
  Verdict verdict = session->judge(Stage::data);
  session->end_transaction(!verdict.refuses());
  return verdict;
}

TEST_CASE("a limit lets its number through and no more, until a period has passed") {
  Engine engine(milter(limit_rule("l", R"(by = "client_address", of = "messages", max = "3/1h")",
                                  R"(defer = "450 4.7.1 {limit} reached with {count}, again in {retry_after}")")));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(send(engine).refuses());
  const Verdict verdict = send(engine);
  CHECK(verdict.action == Action::defer);
  CHECK(verdict.reply.line().starts_with("450 4.7.1 3/1h reached with 3, again in "));
  REQUIRE(verdict.used.size() == 1);
  CHECK(verdict.used[0].over);
  CHECK(verdict.used[0].key == "192.0.2.7");
  test::Mail other;
  other.client = "192.0.2.8";
  CHECK_FALSE(send(engine, other).refuses());
  engine.clock.advance(std::chrono::minutes(50));
  CHECK(send(engine).refuses());
  engine.clock.advance(std::chrono::minutes(13));
  CHECK_FALSE(send(engine).refuses());
}

TEST_CASE("a refusal by a rule charges nothing, whether it stands before or behind the limit") {
  const auto limit = limit_rule("l", R"(by = [], of = "messages", max = "3/1h")");
  for (const auto& rules : {limit + std::string(reject_mallory), std::string(reject_mallory) + limit}) {
    CAPTURE(rules);
    Engine engine(milter(rules));
    for (int i = 0; i < 5; ++i) CHECK(rule_of(send(engine, from("mallory@example.com"))) == "mallory");
    CHECK(engine.counted("l") == 0);
    CHECK_FALSE(send(engine).refuses());
    CHECK(engine.counted("l") == 1);
  }
}

TEST_CASE("attempts are counted though the message is refused, and stop it when there are too many") {
  Engine engine(milter(limit_rule("l", R"(by = [], of = "messages", max = "2/1h", count = "all")") +
                       std::string(reject_mallory)));
  CHECK(rule_of(send(engine, from("mallory@example.com"))) == "mallory");
  CHECK(engine.counted("l") == 1);
  CHECK(rule_of(send(engine, from("mallory@example.com"))) == "mallory");
  CHECK(rule_of(send(engine, from("mallory@example.com"))) == "l");
}

TEST_CASE("all limits of a stage are charged or none, and the first over in the order of rules decides") {
  Engine engine(milter(limit_rule("wide", R"(by = [], of = "messages", max = "4/1h")") +
                       limit_rule("narrow", R"(by = "client_address", of = "messages", max = "2/1h")") +
                       limit_rule("third", R"(by = "sender", of = "messages", max = "2/1h")")));
  send(engine);
  send(engine);
  CHECK(rule_of(send(engine)) == "narrow");  // and not "third", which is over too
  CHECK(engine.counted("wide") == 2);        // what narrow refused was not charged to wide
  test::Mail other = from("carol@example.com");
  other.client = "192.0.2.8";
  send(engine, other);
  send(engine, other);
  CHECK(rule_of(send(engine)) == "wide");
  CHECK(engine.counted("wide") == 4);
  CHECK(engine.counted("narrow") == 4);
}

TEST_CASE("over a limit that lets the mail pass is counted on") {
  struct Row {
    std::string label, action;
  };
  for (const auto& row : {Row{"hold", "hold = \"too many\""}, Row{"route", "route = \"slow:\""},
                          Row{"alert", "alert = true"}, Row{"shadow", "defer = \"450 4.7.1 later\"\nshadow = true"}}) {
    CAPTURE(row.label);
    Engine engine(milter(limit_rule("l", R"(by = [], of = "messages", max = "1/1h")", row.action)));
    CHECK(send(engine).silent());
    const Verdict verdict = send(engine);
    CHECK_FALSE(verdict.refuses());
    CHECK_FALSE(verdict.silent());
    const bool shadow = row.label == "shadow";
    CHECK(names_of(shadow ? verdict.shadowed : verdict.fired) == "l");
    CHECK(engine.counted(shadow ? "l~shadow" : "l") == 2);  // a counter of its own
  }
}

TEST_CASE("a message that can never fit is rejected, not deferred for ever") {
  Engine engine(milter(limit_rule("l", R"(by = [], of = "recipients", max = "3/1h")")));
  test::Mail mail;
  mail.recipients = {"a@example.net", "b@example.net", "c@example.net", "d@example.net"};
  const Verdict verdict = send(engine, mail);
  CHECK(verdict.action == Action::reject);
  CHECK(verdict.never_fits);
  CHECK(verdict.reply.line() == "550 5.7.1 later");
  mail.recipients.pop_back();
  CHECK_FALSE(send(engine, mail).refuses());
  CHECK(send(engine, mail).action == Action::defer);
}

TEST_CASE("no reply says to wait for what can never fit") {
  struct Row {
    std::string reply, want;
  };
  for (const auto& row :
       {Row{"450 4.7.1 over {limit}, wait {retry_after}",
            "550 5.7.1 this message alone is over the limit of 3/1h, so it will not pass later either (ref "},
        Row{"450 4.7.1 over {limit}, ask for more", "550 5.7.1 over 3/1h, ask for more"}}) {
    CAPTURE(row.reply);
    Engine engine(
        milter(limit_rule("l", R"(by = [], of = "recipients", max = "3/1h")", "defer = \"" + row.reply + '"')));
    test::Mail mail;
    mail.recipients = {"a@example.net", "b@example.net", "c@example.net", "d@example.net"};
    CHECK(send(engine, mail).reply.line().starts_with(row.want));
  }
}

TEST_CASE("overrides: the key, then its domain, then default; unlimited counts nothing") {
  struct Row {
    std::string map, login;
    std::uint64_t allowed;  // of 6
  };
  const Row rows[] = {
      {R"({ "bob@example.org" = "1/1h" })", "alice@example.com", 2},  // nothing for this key: the rule's own
      {R"({ "alice@example.com" = "1/1h", "@example.com" = "3/1h", default = "4/1h" })", "alice@example.com", 1},
      {R"({ "@example.com" = "3/1h", default = "4/1h" })", "alice@example.com", 3},
      {R"({ "example.com" = "3/1h" })", "Alice@Example.com", 3},
      {R"({ default = "4/1h" })", "alice@example.com", 4},
      {R"({ alice = "1/1h 5/1d" })", "alice", 1},
      {R"({ alice = "5/1h", default = "1/1h" })", "ALICE", 5},
      {R"({ default = "unlimited" })", "alice", 6},
      {R"({ alice = "unlimited", default = "1/1h" })", "alice", 6},
      {R"({ alice = "unlimited", default = "1/1h" })", "bob", 1},
  };
  for (const auto& row : rows) {
    CAPTURE(row.map);
    CAPTURE(row.login);
    Engine engine(
        milter("[maps]\nquota = " + std::string(row.map) + "\n" +
               limit_rule("l", R"(by = "sasl_username", of = "messages", max = "2/1h", overrides = "map:quota")")));
    test::Mail mail;
    mail.login = row.login;
    std::uint64_t passed = 0;
    for (int i = 0; i < 6; ++i) passed += send(engine, mail).refuses() ? 0 : 1;
    CHECK(passed == row.allowed);
    CHECK(engine.counted("l") ==
          (row.allowed == 6 ? 0 : row.allowed * (row.map.find("1d") != std::string::npos ? 2 : 1)));
  }
}

TEST_CASE("a limit's key: one fact, several, none at all; absent means not asked") {
  struct Row {
    std::string by, client, sender, login;
    const char* key;  // null: not asked
  };
  const Row rows[] = {
      {R"("client_address")", "192.0.2.7", "a@example.com", "", "192.0.2.7"},
      {R"("client_address")", "::ffff:192.0.2.7", "a@example.com", "", "192.0.2.7"},
      {R"("client_address")", "2001:db8:1:2:3::7", "a@example.com", "", "2001:db8:1:2::"},
      {R"("client_address", ipv6_prefix = 56)", "2001:db8:1:2:3::7", "a@example.com", "", "2001:db8:1::"},
      {R"("client_address", ipv4_prefix = 24)", "192.0.2.7", "a@example.com", "", "192.0.2.0"},
      {R"("sender")", "192.0.2.7", "A.User+News@Example.com", "", "a.user@example.com"},
      {R"("sender")", "192.0.2.7", "<>", "", "<>"},
      {R"("sender_domain")", "192.0.2.7", "<>", "", nullptr},
      {R"("sasl_username")", "192.0.2.7", "a@example.com", "Alice", "alice"},
      {R"("sasl_username")", "192.0.2.7", "a@example.com", "", nullptr},
      {R"(["client_address", "sender_domain"])", "192.0.2.7", "a@Example.com", "", "192.0.2.7|example.com"},
      {R"(["client_address", "sasl_username"])", "192.0.2.7", "a@example.com", "", nullptr},
      {R"([])", "192.0.2.7", "a@example.com", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.by);
    CAPTURE(row.client);
    Engine engine(milter(limit_rule("l", "by = " + std::string(row.by) + R"(, of = "messages", max = "5/1h")")));
    test::Mail mail = from(row.sender);
    mail.client = row.client;
    mail.login = row.login;
    const Verdict verdict = send(engine, mail);
    REQUIRE(verdict.used.size() == (row.key == nullptr ? 0 : 1));
    if (row.key != nullptr) CHECK(verdict.used[0].key == row.key);
  }
}

TEST_CASE("a stranger's long key is bounded and still his own") {
  Engine engine(milter(limit_rule("l", R"(by = "sender", of = "messages", max = "1/1h")")));
  const std::string longest(5000, 'a');
  const Verdict one = send(engine, from(longest + "1@example.com")),
                two = send(engine, from(longest + "2@example.com"));
  CHECK_FALSE(two.refuses());
  CHECK(one.used[0].key.size() < 320);
  CHECK(one.used[0].key != two.used[0].key);
  CHECK(send(engine, from(longest + "1@example.com")).refuses());
}

TEST_CASE("what was charged is given back when the message is not taken; attempts are not") {
  Engine engine(milter(limit_rule("l", R"(by = [], of = "recipients", max = "9/1h")") +
                       limit_rule("tries", R"(by = [], of = "messages", max = "9/1h", count = "all")")));
  test::Mail mail;
  mail.recipients = {"a@example.net", "b@example.net"};
  const auto session = engine.message(Door::milter, mail);
  session->judge(Stage::data);
  CHECK(engine.counted("l") == 2);
  session->end_transaction(false);
  CHECK(engine.counted("l") == 0);
  CHECK(engine.counted("tries") == 1);

  engine.begin(*session, mail);
  session->judge(Stage::data);
  session->end_transaction(true);
  CHECK(engine.counted("l") == 2);
  {
    const auto gone = engine.message(Door::milter, mail);  // the client disappears
    gone->judge(Stage::data);
    CHECK(engine.counted("l") == 4);
  }
  CHECK(engine.counted("l") == 2);
}

TEST_CASE("at rcpt one recipient is counted, at data all, at the end the bytes") {
  Engine engine(milter(R"(
[[rule]]
name = "r"
at = "rcpt"
limit = { by = [], of = "recipients", max = "100/1h" }
defer = "450 4.7.1 later"
[[rule]]
name = "b"
at = "end-of-message"
limit = { by = [], of = "bytes", max = "3000/1h" }
defer = "450 4.7.1 later"
)"));
  const auto session = engine.message(Door::milter);
  session->judge(Stage::rcpt);
  session->judge(Stage::rcpt);
  CHECK(engine.counted("r") == 2);
  CHECK_FALSE(session->judge(Stage::end_of_message).refuses());
  CHECK(engine.counted("b") == 2000);
  session->end_transaction(true);
  engine.begin(*session);
  CHECK(session->judge(Stage::end_of_message).action == Action::defer);
}

TEST_CASE("connections stay counted; an open connection's place is free when the session ends") {
  Engine engine(milter(R"(
[[rule]]
name = "open"
at = "connect"
limit = { by = "client_address", of = "open-connections", max = "2" }
drop = "421 4.7.0 too many"
[[rule]]
name = "made"
at = "connect"
limit = { by = "client_address", of = "connections", max = "5/1h" }
defer = "450 4.7.0 too often"
)"));
  auto one = engine.session(Door::milter), two = engine.session(Door::milter), three = engine.session(Door::milter);
  CHECK_FALSE(one->judge(Stage::connect).refuses());
  CHECK_FALSE(two->judge(Stage::connect).refuses());
  CHECK(rule_of(three->judge(Stage::connect)) == "open");
  CHECK(engine.leases.held() == 2);
  one.reset();
  CHECK(engine.leases.held() == 1);
  CHECK_FALSE(engine.session(Door::milter)->judge(Stage::connect).refuses());
  CHECK(engine.counted("made") == 3);
  two.reset();
  CHECK(engine.counted("open") == 0);
}

TEST_CASE("a store that is down: continue or defer, as the file or the rule says") {
  struct Row {
    std::string label, counters, rule;
    bool deferred;
  };
  const Row rows[] = {
      {"continue", "continue", "", false},
      {"defer", "defer", "", true},
      {"local, whose local store is what fails here", "local", "", false},
      {"a rule that insists", "continue", "on_outage = \"defer\"\n", true},
      {"a rule that does not", "defer", "on_outage = \"continue\"\n", false},
      {"in shadow nothing is deferred", "defer", "shadow = true\n", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Engine engine(milter("[counters]\non_outage = \"" + std::string(row.counters) + "\"\n" +
                         limit_rule("l", R"(by = [], of = "messages", max = "1/1h")",
                                    "defer = \"450 4.7.1 over\"\n" + std::string(row.rule))),
                  "", true);
    const Verdict verdict = send(engine);
    CHECK(verdict.refuses() == row.deferred);
    if (row.deferred) {
      CHECK(verdict.reply.line() == "451 4.3.0 temporary failure, try again later");
      CHECK(verdict.reason.find("connection refused") != std::string::npos);
      CHECK(rule_of(verdict) == "l");
    }
    CHECK(engine.log.of("limits-not-asked").size() == 1);
    CHECK(engine.stats.counter_errors == 1);
  }
}

TEST_CASE("a hold over a limit defers on outage only where its rule says so") {
  const auto limit = std::string(R"(by = [], of = "messages", max = "1/1h")");
  Engine file(milter("[counters]\non_outage = \"defer\"\n" + limit_rule("l", limit, "hold = true")), "", true);
  CHECK_FALSE(send(file).refuses());
  Engine rule(milter(limit_rule("l", limit, "hold = true\non_outage = \"defer\"")), "", true);
  CHECK(send(rule).refuses());
}

TEST_CASE("a trace tells the levels") {
  Engine engine(milter(limit_rule("l", R"(by = [], of = "messages", max = "1/1h")")));
  const auto session = engine.message(Door::milter);
  Trace trace;
  CHECK_FALSE(session->judge(Stage::data, &trace).refuses());
  REQUIRE(trace.rules.size() == 1);
  CHECK(trace.rules[0].outcome.starts_with("within its limit: 1 of 1/1h"));
}

TEST_CASE("a trace tells why mail is not limited") {
  struct Row {
    std::string limit, want;
  };
  const Row rows[] = {
      {R"(by = ["sasl_username", "sender"], of = "messages", max = "1/1h")",
       "its key, sasl_username and sender, is not known"},
      {R"(by = "sender", of = "messages", max = "1/1h", overrides = "map:free")", "alice@example.com is unlimited"},
      {R"(by = "sender", of = "recipients", max = "1/1h")", "it counts recipients, and there are none"},
      {R"(by = "sender", distinct = "sasl_username", max = "2/1h")", "what it counts, sasl_username, is not known"}};
  for (const auto& row : rows) {
    CAPTURE(row.limit);
    Engine engine(milter("[maps]\nfree = { \"alice@example.com\" = \"unlimited\" }\n" + limit_rule("l", row.limit)));
    const auto session = engine.message(Door::milter);
    session->transaction().recipient_count = 0;
    Trace trace;
    CHECK_FALSE(session->judge(Stage::data, &trace).refuses());
    REQUIRE(trace.rules.size() == 1);
    CHECK(trace.rules[0].outcome == "not limited: " + row.want);
  }
}

}  // namespace
}  // namespace mailweir

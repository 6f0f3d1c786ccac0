// SPDX-License-Identifier: BSD-2-Clause
// The index of rules: which rules it finds by value, and that a stage is judged as without it.
#include "rule/rule_index.h"

#include <random>

#include <doctest/doctest.h>

#include "../fixture/cpu_time.h"
#include "../fixture/engine_fixture.h"
#include "engine/trace.h"

namespace mailweir {
namespace {

using test::Engine;
using test::names_of;

std::string rule(int number, const std::string& when, const std::string& action = "log = true") {
  return "[[rule]]\nname = \"r" + std::to_string(number) + "\"\nat = \"data\"\n" + when + '\n' + action + '\n';
}

TEST_CASE("rule index: what is found by its value, and what is always asked") {
  struct Row {
    const char* when;
    bool found_by_value;
  };
  const Row rows[] = {
      {"when = { sender = \"a@example.com\" }", true},
      {"when = { sender = [\"a@example.com\", \"b@\", \"c.example\"] }", true},
      {"when = { sender = \"a@example.com\", tls = true }", true},
      {"when = [{ sender = \"a@example.com\" }, { sender = \"b@example.com\", tls = true }]", true},
      {"when = [{ sender = \"a@example.com\" }, { tls = true }]", false},
      {"when = { sender = \"!a@example.com\" }", false},
      {"when = { sender = [\"a@example.com\", \"!b@example.com\"] }", false},
      {"when = { sender = \".example.com\" }", false},
      {"when = { sender = \"<>\" }", false},
      {"when = { sender = \"/^a/\" }", false},
      {"when = { helo_name = \"mx.example.com\" }", false},  // not the fact that most ask
      {"unless = { sender = \"a@example.com\" }", false},
      {"", false},
  };
  std::string text(test::milter_only);
  for (int i = 0; i < 8; ++i) text += rule(100 + i, "when = { sender = \"x@example.com\" }");
  for (const Row& row : rows) {
    CAPTURE(row.when);
    Engine engine(text + rule(1, row.when));
    CHECK(engine.policy->indexes[index(Stage::data)].indexed() == (row.found_by_value ? 9 : 8));
    CHECK(engine.policy->indexes[index(Stage::rcpt)].empty());
  }
  std::string few(test::milter_only);
  for (int i = 0; i < 7; ++i) few += rule(i, "when = { sender = \"x@example.com\" }");
  CHECK(Engine(few).policy->indexes[index(Stage::data)].empty());
}

// With a trace, as explain has it, all rules are asked.
TEST_CASE("rule index: every verdict is the one without it") {
  std::mt19937 random(1);
  const auto one_of = [&](const std::vector<std::string>& words) { return words[random() % words.size()]; };
  const std::vector<std::string> addresses{"a@example.com",
                                           "A+x@Example.COM",
                                           "a@",
                                           "example.com",
                                           "b@example.net",
                                           "\"odd one\"@example.com",
                                           "postmaster",
                                           "c@xn--bcher-kva.example",
                                           "prvs=0123abcdef=a@example.com",
                                           "<>",
                                           "d@[192.0.2.1]"};
  const std::vector<std::string> logins{"bob", "BOB", "bob@example.com", "alice", ""};
  const std::vector<std::string> helos{"mx.example.com", "MX.example.com.", "localhost",
                                       "b\xc3\xbc"
                                       "cher.example"};
  const auto quoted = [](const std::string& word) {
    std::string text = "'" + word + "'";
    return text;
  };
  for (int round = 0; round < 30; ++round) {
    std::string text(test::milter_only);
    const std::string fact = one_of({"sender", "sasl_username", "sender_domain", "helo_name"});
    for (int i = 0; i < 40; ++i) {
      const std::string word = fact == "sender"          ? one_of(addresses)
                               : fact == "sasl_username" ? one_of({"bob", "BOB", "bob@example.com", "alice"})
                               : fact == "helo_name" ? one_of({"mx.example.com", "localhost", "xn--bcher-kva.example"})
                                                     : one_of({"example.com", "EXAMPLE.net", "xn--bcher-kva.example"});
      std::string cell =
          fact + " = " + (random() % 4 == 0 ? "[" + quoted(word) + ", " + quoted(word) + "]" : quoted(word));
      if (random() % 8 == 0 && word != "<>") cell = fact + " = " + quoted("!" + word);
      if (random() % 3 == 0) cell += one_of({", tls = false", ", authenticated = true", ", size = \"> 1\""});
      const std::string side = random() % 8 == 0 ? "unless" : "when";
      const std::string action = random() % 10 == 0 ? "reject = \"550 5.7.1 no\"" : "log = true";
      text += rule(i, random() % 6 == 0 ? "" : side + " = { " + cell + " }", action);
    }
    Engine engine(text);
    for (int i = 0; i < 40; ++i) {
      test::Mail mail;
      mail.sender = one_of(addresses);
      mail.login = one_of(logins);
      CAPTURE(text);
      CAPTURE(mail.sender);
      CAPTURE(mail.login);
      const auto session = engine.message(Door::milter, mail);
      session->client().helo_name = one_of(helos);
      session->helo_changed();
      Trace trace;
      const Verdict with = session->judge(Stage::data);
      const Verdict without = session->judge(Stage::data, &trace);
      CHECK(names_of(with.fired) == names_of(without.fired));
      CHECK(with.reply.line() == without.reply.line());
      CHECK(with.action == without.action);
    }
  }
}

TEST_CASE("rule index: a thousand rules for a thousand logins cost little more than ten") {
  const auto cost_of = [](int rules, const std::string& beside) {
    std::string text(test::milter_only);
    for (int i = 0; i < rules; ++i)
      text += rule(i, "when = { sasl_username = [\"user" + std::to_string(i) + "\"" + beside + "] }");
    Engine engine(text);
    test::Mail mail;
    mail.login = "user7";
    const auto session = engine.message(Door::milter, mail);
    return test::cpu_time([&] {
      for (int i = 0; i < 1000; ++i) CHECK(names_of(session->judge(Stage::data).fired) == "r7");
    });
  };
  const auto ten = cost_of(10, ""), thousand = cost_of(1000, "");
  const auto all_asked = cost_of(1000, ", \"!nobody\"");  // which no index finds
  CHECK(thousand < 5 * ten);
  CHECK(5 * thousand < all_asked);
}

}  // namespace
}  // namespace mailweir

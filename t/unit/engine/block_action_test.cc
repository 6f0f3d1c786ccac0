// SPDX-License-Identifier: BSD-2-Clause
// The action `block` of a rule without a limit, and the fact `blocked`: who gets on the list, where the key is refused
// then and with which words, what a rule may ask of it.
#include <doctest/doctest.h>

#include "../fixture/block_cases.h"
#include "engine/trace.h"

namespace mailweir {
namespace {

using namespace test;

TEST_CASE("a rule blocks a key: it is refused from MAIL on until the time is over, with the rule's reply") {
  Engine engine(policy_of(trap + "reject = \"554 5.7.1 caught for {retry_after}\"\n"));
  CHECK(send(engine, to({"bob@example.net"})) == "taken");
  CHECK(send(engine, to({"trap@example.net"})) == "rcpt 554 5.7.1 caught for 1d");
  CHECK(listed(engine) == "trap 192.0.2.7 trap (recipient trap@example.net) ");
  CHECK(send(engine, to({"bob@example.net"})) == "mail 554 5.7.1 caught for 1d");
  engine.clock.advance(std::chrono::hours(23));
  CHECK(send(engine, to({"trap@example.net"})) ==
        "mail 554 5.7.1 caught for 1h");  // is made no longer by what comes meanwhile
  Mail other = to({"bob@example.net"});
  other.client = "192.0.2.8";
  CHECK(send(engine, other) == "taken");
  engine.clock.advance(std::chrono::hours(1));
  CHECK(send(engine, to({"bob@example.net"})) == "taken");
  CHECK(engine.stats.blocks == 1);
  CHECK(engine.stats.blocked == 2);
  const auto lines = engine.log.of("key-blocked");
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().find("rule=trap limit=trap key=192.0.2.7 time=1d reason=\"recipient trap@example.net\"") !=
        std::string::npos);
}

TEST_CASE("what becomes of the message that gets its key blocked, and with which words later ones are refused") {
  struct Row {
    std::string_view rule;
    std::vector<std::string> recipients;
    std::string_view first, then;
  };
  const std::string b = "bob@example.net", t = "trap@example.net";
  const Row rows[] = {
      // A refusal of one recipient refuses what is left of the message.
      {"reject = \"550 5.7.1 no\"",
       {b, t, b},
       "rcpt 550 5.7.1 no, rcpt 550 5.7.1 no, data 550 5.7.1 no",
       "mail 550 5.7.1 no"},
      {"defer = \"450 4.7.1 no\"", {t, b}, "rcpt 450 4.7.1 no, rcpt 450 4.7.1 no", "mail 450 4.7.1 no"},
      {"drop = \"421 4.7.1 no\"", {t}, "rcpt 421 4.7.1 no", "mail 421 4.7.1 no"},
      // One that lets it pass says nothing of later mail: those are our words.
      {"hold = true", {t, b}, "taken", "mail 550 5.7.1 blocked for 1d"},
      {"accept = true", {t}, "taken", "mail 550 5.7.1 blocked for 1d"},
      {"discard = true", {t}, "taken", "mail 550 5.7.1 blocked for 1d"},
      {"", {t}, "taken", "mail 550 5.7.1 blocked for 1d"},
      // At MAIL there is no recipient to tell of.
      {"reject = \"550 5.7.1 {recipient} is a trap\"",
       {t},
       "rcpt 550 5.7.1 trap@example.net is a trap",
       "mail 550 5.7.1 blocked for 1d"},
      {"defer = \"450 4.7.1 {recipient} is a trap\"",
       {t},
       "rcpt 450 4.7.1 trap@example.net is a trap",
       "mail 450 4.7.1 blocked for 1d"},
      {"shadow = true\nreject = \"550 5.7.1 no\"", {t}, "taken", "taken"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.rule);
    Engine engine(policy_of(trap + std::string(row.rule) + '\n'));
    CHECK(send(engine, to(row.recipients)) == row.first);
    CHECK(send(engine, to({b})) == row.then);
    CHECK(engine.stats.blocks == 1);
    CHECK(engine.log.of("key-blocked").size() == 1);
  }
}

TEST_CASE("a text that tells a fact of the policy's own is not told with a hole in it") {
  Engine engine(
      policy_of("[maps]\nnames = { \"trap@example.net\" = \"sweet\" }\n[facts]\nbait = { map = \"names\", key = "
                "\"recipient\" }\n" +
                trap + "reject = \"550 5.7.1 {bait} was the bait\"\n"));
  CHECK(send(engine, to({"trap@example.net"})) == "rcpt 550 5.7.1 sweet was the bait");
  CHECK(send(engine, to({"bob@example.net"})) == "mail 550 5.7.1 blocked for 1d");
}

TEST_CASE(
    "a blocked key is refused at the first stage from MAIL on that is judged and knows it, whatever the rule's "
    "conditions and others say") {
  struct Row {
    std::string doors, at, by;
    Door door;
    std::string_view refused;
  };
  const std::string milter(milter_only), policy(policy_only);
  const Row rows[] = {
      {milter, "connect", "\"client_address\"", Door::milter, "mail"},
      {milter, "helo", "\"helo_name\"", Door::milter, "mail"},
      {milter, "end-of-message", "[\"sender\", \"client_address\"]", Door::milter, "mail"},
      {milter, "rcpt", "\"recipient\"", Door::milter, "rcpt"},
      {milter, "end-of-message", "\"sasl_username\"", Door::milter, "mail"},
      {policy, "rcpt", "\"client_address\"", Door::policy, "mail"},
      {both_doors("\"rcpt\""), "rcpt", "\"client_address\"", Door::milter, "mail"},
      {both_doors("\"rcpt\""), "rcpt", "\"recipient\"", Door::policy, "rcpt"},
      {both_doors("\"rcpt\""), "rcpt", "\"recipient\"", Door::milter, "-"},
      {policy + "stages = [\"data\"]\n", "data", "\"client_address\"", Door::policy, "data"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.doors);
    CAPTURE(row.at);
    CAPTURE(row.by);
    Engine engine(row.doors + "[[rule]]\nname = \"all\"\nat = \"" + row.at +
                  "\"\nwhen = { client_address = \"203.0.113.1\" }\nblock = { by = " + row.by + ", for = \"1h\" }\n" +
                  (row.doors == policy + "stages = [\"data\"]\n"
                       ? ""
                       : "[[rule]]\nname = \"ours\"\nat = \"rcpt\"\naccept = true\n"));
    for (const std::string key :
         {"192.0.2.7", "client.example.org", "alice@example.com|192.0.2.7", "bob@example.net", "bob"})
      REQUIRE(engine.memory->block({"all", key, "-", "by hand", std::chrono::hours(1)}, true, soon));
    const auto session = engine.message(row.door, to({"bob@example.net"}, "bob"));
    std::string refused = "-";
    for (const Stage stage :
         {Stage::connect, Stage::helo, Stage::mail, Stage::rcpt, Stage::data, Stage::end_of_message})
      if (refused == "-" && engine.policy->judges(row.door, stage) && session->judge(stage).refuses())
        refused = to_string(stage);
    CHECK(refused == row.refused);
  }
}

TEST_CASE(
    "a block of a rule: until midnight, by network, on a list of another name, once, and not in a dry run or without a "
    "key") {
  const std::string text = policy_of(R"([[rule]]
name = "trap"
at = "rcpt"
when = { recipient = ["trap@example.net", "trap2@example.net"] }
block = { by = "client_address", for = "until-midnight", name = "caught", ipv4_prefix = 24 }
[[rule]]
name = "login"
at = "rcpt"
when = { recipient = "trap2@example.net" }
block = { by = "sasl_username", for = "1h", name = "caught" }
)");
  Engine engine(text);
  engine.clock.advance(std::chrono::seconds(1));
  {
    Engine other(text);
    const auto session = other.message(Door::milter, to({"trap@example.net"}));
    Trace trace;
    CHECK_FALSE(session->judge(Stage::rcpt, &trace).refuses());
    REQUIRE(trace.rules.size() == 2);
    CHECK(trace.rules.front().outcome.starts_with("applies: continue; blocks 192.0.2.0 for "));
  }
  CHECK(send(engine, to({"trap2@example.net"})) == "taken");
  CHECK(listed(engine) == "caught 192.0.2.0 trap (recipient trap2@example.net) ");  // no login: nothing to block
  const auto blocks = engine.memory->blocks(10, soon);
  CHECK(blocks->front().left <= length_of(BlockTime{}, engine.clock.wall()));
  CHECK(blocks->front().left > length_of(BlockTime{}, engine.clock.wall()) - std::chrono::seconds(2));
  Mail neighbour = to({"bob@example.net"});
  neighbour.client = "192.0.2.200";
  CHECK(send(engine, neighbour).starts_with("mail 550 5.7.1 blocked for "));
  const auto session = engine.message(Door::milter, neighbour);
  Trace trace;
  CHECK(session->judge(Stage::mail, &trace).refuses());
  REQUIRE(trace.rules.size() == 1);  // there is no login to ask for
  CHECK(trace.rules.front().outcome.starts_with("its key is blocked: 192.0.2.0, for another "));
}

TEST_CASE("a login that does not exist gets its client blocked, and a rule at auth may refuse who is") {
  Engine engine(policy_of(R"([http]
[[rule]]
name = "blocked-may-not-log-in"
at = "auth"
when = { blocked = true }
reject = "550 5.7.1 no logins from there"
[[rule]]
name = "honeypot"
at = "auth"
when = { sasl_username = "backup" }
block = { by = "client_address", for = "1d" }
reject = "550 5.7.1 no"
)"));
  const auto log_in = [&](const std::string& login) {
    const auto session = engine.session(Door::http);
    session->transaction().sasl_username = login;
    return rule_of(session->judge(Stage::auth));
  };
  CHECK(log_in("bob") == "-");
  CHECK(log_in("backup") == "honeypot");
  CHECK(listed(engine) == "honeypot 192.0.2.7 honeypot (sasl_username backup) ");
  CHECK(log_in("bob") == "blocked-may-not-log-in");
  CHECK(send(engine, to({"bob@example.net"}, "bob")) == "mail 550 5.7.1 no");
}

TEST_CASE("rules ask the fact blocked") {
  struct Row {
    std::string_view condition;
    bool none, trapped, stolen, both;
  };
  const Row rows[] = {
      {"when = { blocked = true }", false, true, true, true},
      {"when = { blocked = false }", true, false, false, false},
      {"when = { blocked = \"trap\" }", false, true, false, true},
      {"when = { blocked = \"STOLEN\" }", false, false, true, true},
      {"when = { blocked = [\"trap\", \"stolen\"] }", false, true, true, true},
      {"when = { blocked = \"!trap\" }", true, false, true, false},
      {"unless = { blocked = true }", true, false, false, false},
      {"when = { blocked = true, sender = \"nobody@example.org\" }", false, false, false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.condition);
    const std::string text = policy_of(R"([[rule]]
name = "treat"
at = "mail"
)" + std::string(row.condition) + R"(
hold = "{blocked}"
[[rule]]
name = "trap"
at = "rcpt"
when = { recipient = "trap@example.net" }
block = { by = "client_address", for = "1d", refuse = false }
[[rule]]
name = "stolen"
at = "end-of-message"
limit = { by = "sasl_username", of = "messages", max = "2/1h", block = { for = "1d", refuse = false } }
hold = true
[[rule]]
name = "quiet"
at = "end-of-message"
shadow = true
block = { by = "client_address", for = "1d" }
[[rule]]
name = "asks-too"
at = "connect"
when = { blocked = true }
log = true
)");
    for (const auto& now : {std::tuple(false, false, row.none),
                            {true, false, row.trapped},
                            {false, true, row.stolen},
                            {true, true, row.both}}) {
      const bool trapped = std::get<0>(now), stolen = std::get<1>(now);
      const auto& want = std::get<2>(now);
      CAPTURE(trapped);
      CAPTURE(stolen);
      Engine engine(text);
      if (trapped) REQUIRE(engine.memory->block({"trap", "192.0.2.7", "-", "-", std::chrono::hours(1)}, true, soon));
      if (stolen) REQUIRE(engine.memory->block({"stolen", "bob", "-", "-", std::chrono::hours(1)}, true, soon));
      const Verdict verdict = engine.message(Door::milter, to({"bob@example.net"}, "bob"))->judge(Stage::mail);
      CHECK_FALSE(verdict.refuses());
      const auto* hold = verdict.effects.find<Hold<>>();
      CHECK((hold != nullptr) == want);
      if (want)
        CHECK(hold->text == (trapped && stolen ? "trap, stolen" : trapped ? "trap" : stolen ? "stolen" : "none"));
    }
  }
}

}  // namespace
}  // namespace mailweir

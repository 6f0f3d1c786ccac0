// SPDX-License-Identifier: BSD-2-Clause
// How a stage is judged: the order of rules, what ends it and for whom, skip, shadow, what goes along, replies.
#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;
using test::names_of;
using test::rule_of;

std::string milter(std::string_view rules) { return std::string(test::milter_only) + std::string(rules); }

TEST_CASE("the first rule with an action decides, those before it go along") {
  Engine engine(milter(R"(
[[rule]]
name = "not-this-one"
at = "data"
when = { sender = "nobody@example.com" }
reject = "550 5.7.1 no"
[[rule]]
name = "mark"
at = "data"
hold = "first"
[[rule]]
name = "other-stage"
at = "mail"
reject = "550 5.7.1 no"
[[rule]]
name = "decides"
at = "data"
defer = "450 4.7.1 later"
[[rule]]
name = "never-reached"
at = "data"
reject = "550 5.7.1 no"
)"));
  const auto session = engine.message(Door::milter);
  const Verdict verdict = session->judge(Stage::data);
  CHECK(verdict.action == Action::defer);
  CHECK(rule_of(verdict) == "decides");
  CHECK(verdict.reply.line() == "450 4.7.1 later");
  CHECK(names_of(verdict.fired) == "mark decides");
  CHECK(engine.policy->at(Stage::data)[3].hits->asked == 0);
  CHECK(session->judge(Stage::rcpt).silent());
}

TEST_CASE("names have one spelling, with or without the root's dot") {
  struct Row {
    std::string name, helo;
  };
  for (const Row& row : {Row{"mx.example.org", "LocalHost"}, Row{"mx.example.org.", "LocalHost."}}) {
    CAPTURE(row.helo);
    Engine engine(milter(R"(
[[rule]]
name = "counted"
at = "mail"
when = { helo_name = "localhost", client_name = ".example.org", reverse_client_name = "/org$/" }
limit = { by = ["helo_name", "client_name"], of = "messages", max = "10/1h" }
reject = "550 5.7.1 no"
[[rule]]
name = "says"
at = "rcpt"
reject = "550 5.7.1 {helo_name} {client_name} {reverse_client_name}"
)"));
    const auto session = engine.session(Door::milter);
    session->client().helo_name = row.helo;
    session->client().name = session->client().reverse_name = row.name;
    engine.begin(*session);
    CHECK_FALSE(session->judge(Stage::mail).refuses());
    CHECK(engine.counted("counted", "localhost|mx.example.org") == 1);
    CHECK(session->judge(Stage::rcpt).reply.line() == "550 5.7.1 LocalHost mx.example.org mx.example.org");
  }
}

TEST_CASE("a rule that only signs has nothing to do with incoming mail") {
  const dkim_keys::TemporaryFile key(dkim_keys::ed25519_pem);
  Engine engine(milter("[[dkim.key]]\ndomain = \"example.com\"\nselector = \"s\"\nfile = \"" + key.path() + "\"\n" + R"(
[[rule]]
name = "sign"
at = "end-of-message"
sign = true
[[rule]]
name = "sign-in-shadow"
at = "end-of-message"
shadow = true
sign = ["example.com"]
[[rule]]
name = "sign-and-mark"
at = "end-of-message"
when = { sender = "mark@example.com" }
sign = true
add_headers = { X-Mark = "1" }
)"));
  struct Row {
    std::string sender, login, fired, shadowed;
    std::uint64_t hits;
  };
  const Row rows[] = {{"alice@example.com", "", "", "", 0},
                      {"alice@example.com", "alice", "sign", "sign-in-shadow", 1},
                      {"mark@example.com", "", "sign-and-mark", "", 1}};
  for (const auto& row : rows) {
    CAPTURE(row.sender + " " + row.login);
    test::Mail mail;
    mail.sender = row.sender;
    mail.login = row.login;
    const auto session = engine.message(Door::milter, mail);
    Trace trace;
    const Verdict verdict = session->judge(Stage::end_of_message, &trace);
    CHECK(names_of(verdict.fired) == row.fired);
    CHECK(names_of(verdict.shadowed) == row.shadowed);
    CHECK(verdict.silent() == row.fired.empty());
    CHECK(engine.policy->at(Stage::end_of_message).front().hits->hits == row.hits);
    REQUIRE(trace.rules.size() == 3);
    CHECK(trace.rules[0].outcome ==
          (row.login.empty() ? "does not apply: signs outgoing mail only" : "applies: continue"));
  }
}

TEST_CASE("accept ends its own stage only, and turns no limit off") {
  Engine engine(milter(R"(
[[rule]]
name = "limit-before"
at = "rcpt"
limit = { by = "client_address", of = "recipients", max = "2/1h" }
defer = "450 4.7.1 later"
[[rule]]
name = "friend"
at = "rcpt"
when = { recipient = "friend@example.net" }
accept = true
[[rule]]
name = "no-other"
at = "rcpt"
reject = "550 5.7.1 no"
[[rule]]
name = "at-data"
at = "data"
reject = "550 5.7.1 not here"
)"));
  const auto session = engine.message(Door::milter);
  session->transaction().recipient = Address::parse("friend@example.net");
  CHECK(session->judge(Stage::rcpt).action == Action::accept);
  session->transaction().recipient = Address::parse("other@example.net");
  CHECK(rule_of(session->judge(Stage::rcpt)) == "no-other");  // for that recipient only
  session->transaction().recipient = Address::parse("friend@example.net");
  CHECK(session->judge(Stage::rcpt).action == Action::accept);
  CHECK(rule_of(session->judge(Stage::rcpt)) == "limit-before");
  CHECK(rule_of(session->judge(Stage::data)) == "at-data");
}

TEST_CASE("discard and accept tell the log why") {
  Engine engine(milter(R"(
[[rule]]
name = "hole"
at = "data"
discard = "a hole for {sender}"
)"));
  const auto session = engine.message(Door::milter);
  const Verdict verdict = session->judge(Stage::data);
  CHECK(verdict.action == Action::discard);
  CHECK(verdict.reason == "a hole for alice@example.com");
  CHECK_FALSE(verdict.refuses());
}

// A rule that wants iprev at mail and at rcpt, and rules that turn it off.
std::string with_skip(std::string_view skip) {
  return milter(
      std::string(skip) +
      "[[rule]]\nname = \"asks\"\nat = \"data\"\nwhen = { iprev = \"permerror\" }\nreject = \"550 5.7.25 no\"\n");
}

TEST_CASE("skip at connect is for the session") {
  Engine engine(with_skip(
      "[[rule]]\nname = \"s\"\nat = \"connect\"\nwhen = { client_address = \"192.0.2.7\" }\nskip = \"iprev\"\n"));
  const auto session = engine.session(Door::milter);
  session->judge(Stage::connect);
  for (int message = 0; message < 2; ++message) {
    engine.begin(*session);
    CHECK_FALSE(session->judge(Stage::data).refuses());
    session->end_transaction(true);
  }
  CHECK(engine.resolver.asked.empty());

  test::Mail other;
  other.client = "192.0.2.8";
  const auto asked = engine.session(Door::milter, other);
  asked->judge(Stage::connect);
  engine.begin(*asked);
  CHECK(asked->judge(Stage::data).refuses());
}

TEST_CASE("skip at mail is for the transaction") {
  Engine engine(with_skip(
      "[[rule]]\nname = \"s\"\nat = \"mail\"\nwhen = { sender = \"alice@example.com\" }\nskip = [\"iprev\"]\n"));
  const auto session = engine.message(Door::milter);
  session->judge(Stage::mail);
  CHECK_FALSE(session->judge(Stage::data).refuses());
  session->end_transaction(true);
  test::Mail other;
  other.sender = "carol@example.com";
  engine.begin(*session, other);
  session->judge(Stage::mail);
  CHECK(session->judge(Stage::data).refuses());
}

TEST_CASE("skip at rcpt is for that recipient, and for the message only if all say so") {
  struct Row {
    std::string label;
    std::vector<std::string> recipients;
    std::vector<bool> accepted;
    bool asked;
  };
  const Row rows[] = {
      {"one that skips", {"list@example.net"}, {true}, false},
      {"one that does not", {"bob@example.net"}, {true}, true},
      {"both kinds", {"list@example.net", "bob@example.net"}, {true, true}, true},
      {"the other way round", {"bob@example.net", "list@example.net"}, {true, true}, true},
      {"all skip", {"list@example.net", "list@example.org"}, {true, true}, false},
      {"the one that does not was refused", {"list@example.net", "bob@example.net"}, {true, false}, false},
  };
  const auto text =
      with_skip("[[rule]]\nname = \"s\"\nat = \"rcpt\"\nwhen = { recipient = \"list@\" }\nskip = \"all\"\n");
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Engine engine(text);
    const auto session = engine.message(Door::milter);
    for (std::size_t i = 0; i < row.recipients.size(); ++i) {
      session->transaction().recipient = Address::parse(row.recipients[i]);
      session->judge(Stage::rcpt);
      if (row.accepted[i]) session->recipient_accepted();
    }
    CHECK(session->judge(Stage::data).refuses() == row.asked);
  }
}

TEST_CASE("a recipient's skip does not reach the next recipient") {
  Engine engine(milter(
      "[[rule]]\nname = \"s\"\nat = \"rcpt\"\nwhen = { recipient = \"list@\" }\nskip = \"iprev\"\n"
      "[[rule]]\nname = \"asks\"\nat = \"rcpt\"\nwhen = { iprev = \"permerror\" }\nreject = \"550 5.7.25 no\"\n"));
  const auto session = engine.message(Door::milter);
  session->transaction().recipient = Address::parse("list@example.net");
  CHECK_FALSE(session->judge(Stage::rcpt).refuses());
  session->recipient_accepted();
  session->transaction().recipient = Address::parse("bob@example.net");
  CHECK(session->judge(Stage::rcpt).refuses());
}

TEST_CASE("a rule in shadow is asked, counted and told, and does nothing") {
  Engine engine(milter(R"(
[[rule]]
name = "would-skip"
at = "mail"
skip = "iprev"
shadow = true
[[rule]]
name = "would-reject"
at = "data"
when = { iprev = "permerror" }
reject = "550 5.7.25 no"
alert = true
shadow = true
[[rule]]
name = "holds"
at = "data"
hold = "really"
)"));
  const auto session = engine.message(Door::milter);
  session->judge(Stage::mail);
  const Verdict verdict = session->judge(Stage::data);
  CHECK(verdict.action == Action::none);
  CHECK(names_of(verdict.shadowed) == "would-reject");
  CHECK(names_of(verdict.fired) == "holds");
  REQUIRE(verdict.alerts.size() == 1);
  CHECK(verdict.alerts[0].shadow);
  const auto* hold = verdict.effects.find<Hold<>>();
  CHECK((hold != nullptr && hold->text == "really"));
  REQUIRE(verdict.facts.size() >= 1);
  CHECK(verdict.facts[0].first == "iprev");
  CHECK(verdict.facts[0].second == "permerror");
  CHECK(engine.policy->at(Stage::data)[0].hits->shadow == 1);
}

TEST_CASE("templates in replies: every word, and nothing that harms") {
  struct Row {
    std::string reply, want;
  };
  const Row rows[] = {
      {"550 5.7.1 {sender} from {client_address}", "550 5.7.1 al?ice@example.com from 192.0.2.7"},
      {"550 {rule} {{not a fact}}", "550 5.7.1 r {not a fact}"},
      {"550 5.7.1 [{sasl_username}] [{authenticated}] [{client_port}]", "550 5.7.1 [] [false] [40000]"},
      {"554 5.7.1 helo {helo_name}", "554 5.7.1 helo bad??550 2.0.0 ok"},
      {"550 5.7.1 {recipient_domain}", "550 5.7.1 example.net"},
      {"550 5.7.1 100% {door}", "550 5.7.1 100% milter"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reply);
    Engine engine(milter("[[rule]]\nname = \"r\"\nat = \"data\"\nreject = \"" + std::string(row.reply) + "\"\n"));
    test::Mail mail;
    mail.sender = "al\x01ice@example.com";
    mail.helo = "bad\r\n550 2.0.0 ok";
    const auto session = engine.message(Door::milter, mail);
    CHECK(session->judge(Stage::data).reply.line() == row.want);
  }
  Engine engine(milter("[[rule]]\nname = \"r\"\nat = \"data\"\nreject = \"550 5.7.1 {sender} (ref {id})\"\n"));
  test::Mail mail;
  mail.sender = std::string(1000, 'a') + "@example.com";
  const auto session = engine.message(Door::milter, mail);
  const Verdict verdict = session->judge(Stage::data);
  CHECK(verdict.reply.text == std::string(200, 'a') + " (ref " + session->transaction().id + ")");
}

TEST_CASE("a transaction id is short, unique, and later ones sort later") {
  const WallTime now(std::chrono::seconds(1'700'000'000));
  const auto first = new_transaction_id(now), second = new_transaction_id(now);
  CHECK(first.size() == 11);
  CHECK(first != second);
  CHECK(new_transaction_id(now + std::chrono::seconds(1)) > first);
}

TEST_CASE("the verdict names the facts that decided, with the reason of a check") {
  Engine engine(milter(
      "[[rule]]\nname = \"r\"\nat = \"data\"\nwhen = { iprev = \"permerror\", sender_domain = \"example.com\" }\n"
      "reject = \"550 5.7.25 no\"\n"));
  const auto session = engine.message(Door::milter);
  const Verdict verdict = session->judge(Stage::data);
  REQUIRE(verdict.facts.size() == 3);
  CHECK(verdict.facts[0] == std::pair<std::string, std::string>("sender_domain", "example.com"));
  CHECK(verdict.facts[1] == std::pair<std::string, std::string>("iprev", "permerror"));
  CHECK(verdict.facts[2].first == "iprev_reason");
  CHECK(verdict.facts[2].second.find("has no reverse name") != std::string::npos);
}

TEST_CASE("a transaction keeps the policy that it began with") {
  Engine engine(milter("[[rule]]\nname = \"old\"\nat = \"data\"\nreject = \"550 5.7.1 old\"\n"));
  const auto session = engine.message(Door::milter);
  engine.policy = test::load_policy(milter("[[rule]]\nname = \"new\"\nat = \"data\"\nreject = \"550 5.7.1 new\"\n"));
  CHECK(rule_of(session->judge(Stage::data)) == "old");
  session->end_transaction(false);
  engine.begin(*session);
  CHECK(rule_of(session->judge(Stage::data)) == "new");
}

}  // namespace
}  // namespace mailweir

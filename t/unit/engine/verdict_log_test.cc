// SPDX-License-Identifier: BSD-2-Clause
// The lines of verdicts, alerts and transactions: what they say, and that nothing from outside breaks out of its field.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

std::string milter(std::string_view rules) { return std::string(test::milter_only) + std::string(rules); }

// Ends of lines that differ from run to run are left out.
std::string until_time(const std::string& line) { return line.substr(0, line.find(" took_us=")); }

TEST_CASE("a verdict that says nothing is not logged") {
  Engine engine(
      milter("[[rule]]\nname = \"r\"\nat = \"data\"\nwhen = { sender = \"<>\" }\nreject = \"550 5.7.1 no\"\n"));
  const auto session = engine.message(Door::milter);
  session->log_verdict(session->judge(Stage::data));
  CHECK(engine.log.lines.empty());
}

TEST_CASE("a refusal's line: who, why, by which rule, with what reply") {
  Engine engine(milter(
      "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nwhen = { iprev = \"permerror\", recipient_domain = \".example.net\" }\n"
      "reject = \"550 5.7.25 {client_address}: no\"\n"));
  test::Mail mail;
  mail.recipients = {"Bob@sub.example.net"};
  mail.login = "alice";
  const auto session = engine.message(Door::milter, mail);
  session->transaction().queue_id = "4AbC";
  const Verdict verdict = session->judge(Stage::rcpt);
  session->log_verdict(verdict);
  REQUIRE(engine.log.lines.size() == 1);
  CHECK(engine.log.lines[0].severity == Severity::notice);
  CHECK(until_time(engine.log.lines[0].text) ==
        "queue_id=4AbC id=" + session->transaction().id +
            " event=verdict stage=rcpt door=milter action=reject rule=r reply=\"550 5.7.25 192.0.2.7: no\" "
            "client_address=192.0.2.7"
            " sasl_username=alice sender=alice@example.com recipient=Bob@sub.example.net "
            "recipient_domain=sub.example.net iprev=permerror"
            " iprev_reason=\"192.0.2.7 has no reverse name\"");
  CHECK(engine.log.lines[0].text.find(" took_us=") != std::string::npos);
}

TEST_CASE("limits, shadow, what goes along and alerts") {
  Engine engine(milter(R"(
[[rule]]
name = "quiet"
at = "data"
reject = "550 5.7.1 no"
shadow = true
[[rule]]
name = "l"
at = "data"
limit = { by = [], of = "messages", max = "1/1h" }
hold = "too many"
route = "slow:"
bcc = "copy@example.com"
add_headers = { X-A = "b" }
remove_headers = "X-B"
alert = true
)"));
  engine.message(Door::milter)->judge(Stage::data);
  const auto session = engine.message(Door::milter);
  const auto first = session->judge(Stage::data);  // the aborted one before gave its unit back
  CHECK(first.fired.empty());
  session->log_verdict(session->judge(Stage::data));
  const auto verdicts = engine.log.of("verdict"), alerts = engine.log.of("alert");
  REQUIRE(verdicts.size() == 1);
  const auto id = session->transaction().id;
  CHECK(until_time(verdicts[0]) ==
        "queue_id=- id=" + id +
            " event=verdict stage=data door=milter action=continue client_address=192.0.2.7 sender=alice@example.com"
            " recipient=bob@example.net rules=l shadow=quiet hold=\"too many\" route=slow: bcc=copy@example.com"
            " headers=+X-A used=l:2/1/1h(over)");
  REQUIRE(alerts.size() == 1);
  CHECK(alerts[0] == "queue_id=- id=" + id +
                         " event=alert rule=l what=over limit=1/1h count=2 client_address=192.0.2.7 "
                         "sender=alice@example.com used=l:2/1/1h(over)");
  CHECK(engine.log.lines.front().severity == Severity::warning);  // told at once, before the verdict has its line
}

TEST_CASE("what is judged before MAIL has the id of the transaction that comes next") {
  constexpr std::string_view stages[] = {"connect", "helo"};
  std::string text;
  for (const auto stage : stages)
    text += "[[rule]]\nname = \"" + std::string(stage) + "\"\nat = \"" + std::string(stage) +
            "\"\nreject = \"550 5.7.1 no (ref {id})\"\n";
  Engine engine(milter(text));
  const auto session = engine.session(Door::milter);
  std::vector<std::string> ids;
  const auto judge = [&](Stage stage) {
    const Verdict verdict = session->judge(stage);
    session->log_verdict(verdict);
    const std::string id = session->transaction().id;
    CHECK(id.size() == 11);
    CHECK(verdict.reply.text == "no (ref " + id + ")");
    CHECK(engine.log.lines.back().text.find(" id=" + id + " ") != std::string::npos);
    return id;
  };
  const auto id = judge(Stage::connect);
  CHECK(judge(Stage::helo) == id);  // the peer says EHLO again after STARTTLS
  CHECK(judge(Stage::helo) == id);
  engine.begin(*session);
  CHECK(session->transaction().id == id);
  session->end_transaction(true);
  const auto next = judge(Stage::helo);
  CHECK(next != id);
  engine.begin(*session);
  CHECK(session->transaction().id == next);
  engine.begin(*session);
  CHECK(session->transaction().id != next);
}

TEST_CASE("a transaction's line has each counter once, as it stood last") {
  Engine engine(
      milter("[[rule]]\nname = \"l\"\nat = \"rcpt\"\nlimit = { by = [], of = \"recipients\", max = \"9/1h\" }\ndefer = "
             "\"450 4.7.1 later\"\n"));
  test::Mail mail;
  mail.sender = "<>";
  mail.recipients = {"a@example.net", "b@example.net", "c@example.net"};
  const auto session = engine.message(Door::milter, mail);
  session->client().service = "submission";
  for (int i = 0; i < 3; ++i) session->judge(Stage::rcpt);
  session->log_transaction("accepted", {{"signed", "example.com/a"}});
  REQUIRE(engine.log.lines.size() == 1);
  CHECK(until_time(engine.log.lines[0].text) ==
        "queue_id=- id=" + session->transaction().id +
            " event=message door=milter outcome=accepted client_address=192.0.2.7 sender=<> recipients=3 size=2000 "
            "service=submission"
            " direction=incoming used=l:3/9/1h signed=example.com/a");
}

TEST_CASE("nothing from outside breaks out of its field") {
  const std::string evil[] = {"a\" rule=\"b@example.com", "a\nevent=verdict@example.com", "a b=c@example.com",
                              "a\\@example.com", "a\xff\x01@example.com"};
  for (const auto& sender : evil) {
    CAPTURE(sender);
    Engine engine(milter("[[rule]]\nname = \"r\"\nat = \"data\"\nreject = \"550 5.7.1 {sender}\"\n"));
    test::Mail mail;
    mail.sender = sender;
    mail.login = sender;
    mail.recipients = {sender};
    const auto session = engine.message(Door::milter, mail);
    session->log_verdict(session->judge(Stage::data));
    session->log_transaction("refused");
    REQUIRE(engine.log.lines.size() == 2);
    for (const auto& [severity, line] : engine.log.lines) {
      // As a reader takes it apart: fields at blanks outside quotes, a backslash escapes in quotes.
      std::vector<std::string> keys;
      std::string key;
      bool in_key = true, quoted = false;
      for (std::size_t i = 0; i < line.size(); ++i) {
        CHECK(static_cast<unsigned char>(line[i]) >= ' ');
        if (quoted && line[i] == '\\') {
          ++i;
          continue;
        }
        if (line[i] == '"') quoted = !quoted;
        else if (!quoted && line[i] == ' ') in_key = true, key.clear();
        else if (!quoted && line[i] == '=' && in_key) keys.push_back(key), in_key = false;
        else if (in_key) key += line[i];
      }
      CHECK_FALSE(quoted);
      CHECK(std::count(keys.begin(), keys.end(), "event") == 1);
      CHECK(std::count(keys.begin(), keys.end(), "rule") <= 1);
      CHECK(std::count(keys.begin(), keys.end(), "b") == 0);
    }
  }
}

}  // namespace
}  // namespace mailweir

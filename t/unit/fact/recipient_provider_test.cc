// SPDX-License-Identifier: BSD-2-Clause
// recipient_provider: who has the mailboxes of a domain, as a fact, as the key of a limit, and in a route.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "adapter/verify/public_suffixes.h"

namespace mailweir {
namespace {

using test::Engine;

constexpr std::string_view zone_text = R"(
gmail.example      MX 20 alt.l.google.test
                   MX 10 mx.l.google.test
equal.example      MX 10 filter.example.net
                   MX 10 MX.L.Google.Test
backup.example     MX 10 mx.filter.example.net
                   MX 20 mx.l.google.test
turns.example      MX 10 z.example.org
                   MX 10 a.example.com
nameless.example   MX 10 mx.nameless.test
own.example        MX 10 mx1.own.example
plain.example      A 192.0.2.9
null.example       MX 0 .
broken.example     SERVFAIL MX
)";

std::string text_with(std::string_view rules) {
  return "[general]\nrecipient_providers = \"map:providers\"\n" + std::string(test::milter_only) +
         "[maps]\nproviders = { \".google.test\" = \"google\", \".nameless.test\" = \"\" }\n" + std::string(rules);
}
constexpr std::string_view nothing = "[[rule]]\nname = \"n\"\nat = \"data\"\nlog = true\n";

TEST_CASE("recipient_provider: by the mail hosts of the domain, asked once") {
  struct Row {
    std::string recipient, want, reason;
  };
  const Row rows[] = {
      {"a@gmail.example", "google", "gmail.example: MX mx.l.google.test"},
      {"a@equal.example", "google", "equal.example: MX mx.l.google.test"},
      {"a@backup.example", "example.net", "backup.example: MX mx.filter.example.net"},
      {"a@turns.example", "example.com", "turns.example: MX a.example.com"},
      {"a@nameless.example", "nameless.test", "nameless.example: MX mx.nameless.test"},
      {"postmaster", "", ""},
      {"a@own.example", "own.example", "own.example: MX mx1.own.example"},
      {"a@plain.example", "plain.example", "plain.example: MX plain.example"},
      {"a@null.example", "", "null.example has a null MX: it accepts no mail"},
      {"a@nowhere.example", "", "nowhere.example does not exist"},
      {"a@broken.example", "", "broken.example: MX: SERVFAIL"},
      {"a@[192.0.2.1]", "", "[192.0.2.1] is an address"},
  };
  Engine engine(text_with(nothing), zone_text);
  const auto suffixes = make_public_suffixes();
  REQUIRE(suffixes);
  engine.services.verification = {nullptr, suffixes->get()};
  for (const auto& row : rows) {
    CAPTURE(row.recipient);
    test::Mail mail;
    mail.recipients = {row.recipient};
    const auto session = engine.message(Door::milter, mail);
    session->facts().stage(Stage::rcpt, Deadline::in(std::chrono::seconds(5)));
    const FactRef fact = ref_of("recipient_provider");
    CHECK(session->facts().to_text(fact) == row.want);
    CHECK(session->facts().reason(fact) == row.reason);
    const auto asked = engine.resolver.asked.size();
    CHECK(session->facts().to_text(fact) == row.want);
    CHECK(engine.resolver.asked.size() == asked);
  }
}

TEST_CASE("recipient_provider is the key of a limit; without a provider the limit does not apply") {
  Engine engine(text_with("[[rule]]\nname = \"r\"\nat = \"rcpt\"\nlimit = { by = \"recipient_provider\", of = "
                          "\"recipients\", max = \"1/1h\" }\ndefer = \"450 4.7.1 {recipient_provider} {limit}\"\n"),
                zone_text);
  const auto verdict = [&](const std::string& recipient) {
    test::Mail mail;
    mail.recipients = {recipient};
    const auto session = engine.message(Door::milter, mail);
    const auto found = session->judge(Stage::rcpt);
    session->end_transaction(true);
    return test::rule_of(found) == "r" ? found.reply.text : "-";
  };
  CHECK(verdict("a@gmail.example") == "-");
  CHECK(verdict("b@equal.example") == "google 1/1h");
  for (int i = 0; i < 3; ++i) CHECK(verdict("a@broken.example") == "-");
  CHECK(engine.counted("r", "google") == 1);
}

TEST_CASE("recipient_provider: many domains in one message; each is known, and other checks lose no lookups") {
  constexpr std::size_t domains = 1000;
  std::string zone = "example.com TXT \"v=spf1 -all\"\n";
  for (std::size_t i = 0; i < domains; ++i)
    zone += "d" + std::to_string(i) + ".example MX 10 mx." + (i % 2 == 0 ? "l.google.test" : "other.example") + '\n';
  for (const Door door : {Door::milter, Door::policy}) {
    Engine engine(text_with(nothing), zone);
    const auto session = engine.message(door);
    session->facts().stage(Stage::rcpt, Deadline::in(std::chrono::seconds(5)));
    for (std::size_t i = 0; i < domains; ++i) {
      CAPTURE(i);
      session->transaction().recipient = Address::parse("a@d" + std::to_string(i) + ".example");
      session->facts().start(ref_of("recipient_provider"));
      CHECK(session->facts().to_text(ref_of("recipient_provider")) == (i % 2 == 0 ? "google" : "mx.other.example"));
    }
    CHECK(engine.resolver.asked.size() == domains);
    CHECK(session->facts().lookups().size() <= Lookups::most_questions / 2);
    CHECK(session->facts().to_text(ref_of("spf")) == "fail");
  }
}

TEST_CASE("recipient_provider: silent name servers use up the time once, and known domains are still answered") {
  Engine engine(text_with(nothing), zone_text);
  engine.resolver.silent = "silent.example";
  const auto session = engine.message(Door::milter);
  session->facts().stage(Stage::rcpt, Deadline::in(std::chrono::milliseconds(50)));
  for (int i = 0; i < 500; ++i) {
    session->transaction().recipient = Address::parse("a@d" + std::to_string(i) + ".silent.example");
    CHECK(session->facts().to_text(ref_of("recipient_provider")).empty());
  }
  session->transaction().recipient = Address::parse("a@gmail.example");
  CHECK(session->facts().to_text(ref_of("recipient_provider")) == "google");
}

TEST_CASE("recipient_provider chooses a way out") {
  Engine engine(text_with("[[rule]]\nname = \"r\"\nat = \"end-of-message\"\nwhen = { recipient_provider = "
                          "[\"google\", \"yahoo\"] }\nroute = \"smtp-{recipient_provider}:[gw.example]\"\n"),
                zone_text);
  struct Row {
    std::string_view recipient, want;
  };
  for (const Row& row : {Row{"a@gmail.example", "smtp-google:[gw.example]"}, Row{"a@own.example", "-"}}) {
    CAPTURE(row.recipient);
    test::Mail mail;
    mail.recipients = {std::string(row.recipient)};
    const auto session = engine.message(Door::milter, mail);
    const auto verdict = session->judge(Stage::end_of_message);
    const auto* route = verdict.effects.find<Route<>>();
    CHECK((route != nullptr ? route->text : "-") == row.want);
  }
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// spf, spf_helo, spf_explanation and egress_spf as rules see them.
#include <doctest/doctest.h>

#include <algorithm>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

constexpr std::string_view zone_text = R"(
good.example     TXT "v=spf1 ip4:192.0.2.7 ip4:198.51.100.0/31 -all"
bad.example      TXT "v=spf1 -all exp=why.bad.example"
why.bad.example  TXT "%{i} may not send for %{o}, %{r} says"
quiet.example    TXT "v=spf1 -all"
soft.example     TXT "v=spf1 ip4:198.51.100.1 ~all"
broken.example   SERVFAIL
helo.example     TXT "v=spf1 ip4:192.0.2.7 -all"
)";

std::string policy_text(std::string_view rules) {
  return std::string(test::milter_only) +
         "[general]\nhostname = \"mx.relay.example\"\n[egress]\naddresses = [\"198.51.100.1\", \"198.51.100.2\"]\n" +
         "[routes.bulk]\naddresses = [\"198.51.100.0\", \"198.51.100.1\"]\n" + std::string(rules);
}

struct Row {
  std::string sender, helo, client;
  std::string fact, want, reason;
};

const Row rows[] = {
    {"a@good.example", "helo.example", "192.0.2.7", "spf", "pass", "good.example: ip4:192.0.2.7 matches 192.0.2.7"},
    {"a@good.example", "helo.example", "192.0.2.8", "spf", "fail", "good.example: -all matches 192.0.2.8"},
    {"<>", "helo.example", "192.0.2.7", "spf", "pass", "helo.example: ip4:192.0.2.7 matches 192.0.2.7"},
    {"<>", "helo.example", "192.0.2.8", "spf", "fail", "helo.example: -all matches 192.0.2.8"},
    {"<>", "", "192.0.2.8", "spf", "", ""},
    {"a@none.example", "helo.example", "192.0.2.7", "spf", "none", "none.example does not exist"},
    {"a@broken.example", "helo.example", "192.0.2.7", "spf", "temperror", "broken.example TXT: SERVFAIL"},
    {"a@broken.example", "helo.example", "192.0.2.7", "spf_helo", "pass",
     "helo.example: ip4:192.0.2.7 matches 192.0.2.7"},
    {"a@good.example", "[192.0.2.7]", "192.0.2.7", "spf_helo", "none",
     "[192.0.2.7] is not a domain that can have an SPF record"},
    {"a@bad.example", "helo.example", "192.0.2.7", "spf_explanation",
     "192.0.2.7 may not send for bad.example, mx.relay.example says", "bad.example: -all matches 192.0.2.7"},
    {"a@quiet.example", "helo.example", "192.0.2.7", "spf_explanation",
     "quiet.example does not let 192.0.2.7 send its mail", "quiet.example: -all matches 192.0.2.7"},
    {"a@good.example", "helo.example", "192.0.2.7", "spf_explanation", "", ""},
    {"a@good.example", "helo.example", "203.0.113.1", "egress_spf", "fail", "good.example: -all matches 198.51.100.2"},
    {"a@good.example", "helo.example", "203.0.113.1", "egress_spf.bulk", "pass",
     "good.example: ip4:198.51.100.0/31 matches 198.51.100.0"},
    {"a@soft.example", "helo.example", "203.0.113.1", "egress_spf", "softfail",
     "soft.example: ~all matches 198.51.100.2"},
    {"a@broken.example", "helo.example", "203.0.113.1", "egress_spf", "temperror", "broken.example TXT: SERVFAIL"},
    {"<>", "helo.example", "203.0.113.1", "egress_spf", "", ""},
};

TEST_CASE("SPF as facts: which identity, which addresses, why") {
  for (const std::string_view engine_name : {"builtin", "libspf2"}) {
    Engine engine(policy_text("[spf]\nengine = \"" + std::string(engine_name) +
                              "\"\n[[rule]]\nname = \"n\"\nat = \"mail\"\nlog = true\n"),
                  zone_text);
    for (const auto& row : rows) {
      CAPTURE(engine_name);
      CAPTURE(row.fact);
      CAPTURE(row.sender);
      CAPTURE(row.client);
      test::Mail mail;
      mail.sender = row.sender;
      mail.helo = row.helo;
      mail.client = row.client;
      const auto session = engine.message(Door::milter, mail);
      session->facts().stage(Stage::mail, Deadline::in(std::chrono::seconds(5)));
      FactRef fact;
      fact.id = find_fact(row.fact.starts_with("egress") ? "egress_spf" : row.fact)->id;
      fact.egress = row.fact == "egress_spf.bulk" ? 1 : 0;
      CHECK(session->facts().to_text(fact) == row.want);
      if (engine_name == "builtin" || row.fact == "spf_explanation") CHECK(session->facts().reason(fact) == row.reason);
    }
  }
}

TEST_CASE(
    "a rule refuses with the domain's own words, and with ours when it is silent; temperror only where it is named") {
  Engine engine(policy_text("[[rule]]\nname = \"spf\"\nat = \"mail\"\nwhen = { spf = \"fail\" }\nreject = \"550 5.7.23 "
                            "{sender_domain}: {spf_explanation}\"\n"
                            "[[rule]]\nname = \"later\"\nat = \"mail\"\nwhen = { spf = \"temperror\" }\ndefer = \"451 "
                            "4.4.3 try again later\"\n"),
                zone_text);
  struct Want {
    std::string sender, rule, reply;
  };
  const Want cases[] = {
      {"a@good.example", "-", ""},
      {"a@bad.example", "spf", "550 5.7.23 bad.example: 192.0.2.7 may not send for bad.example, mx.relay.example says"},
      {"a@quiet.example", "spf", "550 5.7.23 quiet.example: quiet.example does not let 192.0.2.7 send its mail"},
      {"a@broken.example", "later", "451 4.4.3 try again later"},
      {"a@soft.example", "-", ""},
  };
  for (const auto& row : cases) {
    CAPTURE(row.sender);
    test::Mail mail;
    mail.sender = row.sender;
    const auto session = engine.message(Door::milter, mail);
    const auto verdict = session->judge(Stage::mail);
    CHECK(test::rule_of(verdict) == row.rule);
    CHECK((verdict.refuses() ? verdict.reply.line(true) : "") == row.reply);
  }
}

TEST_CASE("a reply may say why spf fails, whether a rule asked it or not") {
  for (const std::string when : {"spf = \"fail\"", "sender = \"a@bad.example\""}) {
    CAPTURE(when);
    Engine engine(policy_text("[[rule]]\nname = \"spf\"\nat = \"mail\"\nwhen = { " + when +
                              " }\nreject = \"550 5.7.23 {spf_reason}\"\n"),
                  zone_text);
    test::Mail mail;
    mail.sender = "a@bad.example";
    const auto session = engine.message(Door::milter, mail);
    const auto reply = session->judge(Stage::mail).reply.text;
    CHECK_FALSE(reply.empty());
    CHECK(reply == session->facts().reason(ref_of("spf")));
  }
}

TEST_CASE("skipping spf skips its explanation; another HELO name or sender is asked anew") {
  Engine engine(
      policy_text("[[rule]]\nname = \"allow\"\nat = \"mail\"\nwhen = { sender = \"a@bad.example\" }\nskip = [\"spf\"]\n"
                  "[[rule]]\nname = \"spf\"\nat = \"mail\"\nwhen = { spf = [\"fail\", \"softfail\"] }\nreject = \"550 "
                  "5.7.23 {spf_explanation}\"\n"),
      zone_text);
  test::Mail mail;
  mail.sender = "a@bad.example";
  const auto session = engine.message(Door::milter, mail);
  CHECK_FALSE(session->judge(Stage::mail).refuses());
  CHECK(std::none_of(engine.resolver.asked.begin(), engine.resolver.asked.end(),
                     [](const auto& one) { return one == "why.bad.example TXT"; }));

  mail.sender = "a@quiet.example";
  session->end_transaction(false);
  engine.begin(*session, mail);
  CHECK(session->judge(Stage::mail).refuses());

  const FactRef helo = ref_of("spf_helo");
  CHECK(session->facts().to_text(helo) == "none");
  session->client().helo_name = "helo.example";
  session->helo_changed();
  CHECK(session->facts().to_text(helo) == "pass");
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// will_sign and from_dmarc: what the receivers of our mail will find, by our keys as they are published and by the
// addresses that mail leaves from.
#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

// Keys of example.com and example.org; another key in the DNS for other.example, and none for none.example.
std::string policy_text(const std::string& pem, bool egress) {
  std::string text = std::string(test::milter_only) + "[general]\nhostname = \"mx.relay.example\"\n";
  if (egress)
    text +=
        "[egress]\naddresses = [\"198.51.100.1\", \"198.51.100.2\"]\n[routes.bulk]\naddresses = "
        "[\"198.51.100.1\"]\n[routes.half]\nsenders = [\"bulk@half.example\"]\npostfix = \"smtp-half:\"\naddresses = "
        "[\"198.51.100.1\"]\n[routes.hidden]\nsenders = [\"hidden@\"]\npostfix = "
        "\"smtp-hidden:\"\n[relay.out]\nsenders = "
        "[\"out@spf.example\"]\nhost = \"[gw.example]\"\n[relay.direct]\nsenders = [\"direct@spf.example\"]\nhost = "
        "\"direct\"\n";
  for (const auto* domain : {"example.com", "example.org", "test.example", "revoked.example", "silent.example",
                             "unpublished.example", "norecord.example"})
    text += "[[dkim.key]]\ndomain = \"" + std::string(domain) + "\"\nselector = \"s\"\nfile = \"" + pem + "\"\n";
  return text + "[[rule]]\nname = \"sign\"\nat = \"end-of-message\"\nsign = true\n";
}

std::string zone_text() {
  const std::string key = "v=DKIM1; k=rsa; p=" + std::string(dkim_keys::rsa_public);
  std::string text;
  for (const auto* domain : {"example.com", "example.org", "test.example", "revoked.example", "silent.example",
                             "unpublished.example", "spf.example", "half.example", "keyless.example", "badspf.example"})
    text += "_dmarc." + std::string(domain) + " TXT \"v=DMARC1; p=reject\"\n";
  const auto published = [&](const std::string& domain, const std::string& record) {
    text += "s._domainkey." + domain + " TXT \"" + record + "\"\n";
  };
  published("example.com", key);
  published("example.org", key);
  published("norecord.example", key);
  published("test.example", "v=DKIM1; t=y; k=rsa; p=" + std::string(dkim_keys::rsa_public));
  published("revoked.example", "v=DKIM1; p=");
  text += "s._domainkey.silent.example TIMEOUT\n";
  text += "spf.example TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\nhalf.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n";
  text += "badspf.example SERVFAIL TXT\n";
  return text;
}

struct Row {
  std::string label, from, sender, want;  // "": absent
  bool egress = true;
  std::size_t route = 0;
};

const Row rows[] = {
    {"a published key", "a@example.com", "a@example.com", "pass"},
    {"of a subdomain's author", "a@sub.example.com", "a@sub.example.com", "fail"},
    {"a published key, and another sender", "a@example.com", "a@spf.example", "pass"},
    {"no DMARC record", "a@norecord.example", "a@norecord.example", "none"},
    {"a key with t=y", "a@test.example", "a@test.example", "fail"},
    {"a revoked key", "a@revoked.example", "a@revoked.example", "fail"},
    {"a key that is not published", "a@unpublished.example", "a@unpublished.example", "fail"},
    {"a key whose name server is silent", "a@silent.example", "a@silent.example", "temperror"},
    {"no key, but SPF of all addresses", "a@spf.example", "a@spf.example", "pass"},
    {"SPF of one address only", "a@half.example", "a@half.example", "fail"},
    {"the route has only that", "a@half.example", "a@half.example", "pass", true, 1},
    {"the sender's own route has only that", "a@half.example", "bulk@half.example", "pass"},
    {"an extension of that sender", "a@half.example", "bulk+x@half.example", "pass"},
    {"the sender's route has unknown addresses", "a@spf.example", "hidden@spf.example", "unknown"},
    {"another server relays it", "a@spf.example", "out@spf.example", "unknown"},
    {"another server relays it, signed", "a@example.com", "out@spf.example", "pass"},
    {"a way to the recipient's own server", "a@spf.example", "direct@spf.example", "pass"},
    {"SPF of another domain", "a@keyless.example", "a@spf.example", "fail"},
    {"SPF in trouble", "a@badspf.example", "a@badspf.example", "temperror"},
    {"the null sender has no SPF", "a@spf.example", "<>", "fail"},
    {"the null sender, with a key", "a@example.com", "<>", "pass"},
    {"addresses unknown, no key", "a@spf.example", "a@spf.example", "unknown", false},
    {"addresses unknown, a key", "a@example.com", "a@example.com", "pass", false},
    {"addresses unknown, a sender that is not aligned", "a@keyless.example", "a@spf.example", "fail", false},
    {"two authors, one without a key", "a@example.com, b@keyless.example", "a@example.com", "fail"},
    {"two authors with keys", "a@example.com, b@example.org", "a@example.com", "pass"},
};

TEST_CASE("from_dmarc: DKIM as published, or SPF of all addresses of the route") {
  const dkim_keys::TemporaryFile pem(dkim_keys::rsa_pem);
  for (const bool egress : {true, false}) {
    Engine engine(policy_text(pem.path(), egress), zone_text());
    for (const auto& row : rows) {
      if (row.egress != egress) continue;
      CAPTURE(row.label);
      test::Mail mail;
      mail.sender = row.sender;
      mail.login = "a";
      const auto session = engine.message(Door::milter, mail);
      HeaderList headers;
      REQUIRE(headers.receive("From", " " + row.from));
      session->transaction().headers = &headers;
      session->facts().stage(Stage::end_of_message, Deadline::in(std::chrono::seconds(5)));
      FactRef fact = ref_of("from_dmarc");
      fact.egress = row.route;
      CHECK(session->facts().to_text(fact) == row.want);
      CHECK_FALSE(session->facts().reason(fact).empty());
      const auto asked = engine.resolver.asked.size();
      session->facts().get(fact);
      CHECK(engine.resolver.asked.size() == asked);  // once a message
    }
  }
}

TEST_CASE("from_dmarc and will_sign: a hostile From costs few lookups, and passes nowhere") {
  std::string many, nonsense(65'536, '<');
  for (int i = 0; i < 3000; ++i) many += (i == 0 ? "a@d" : ", a@d") + std::to_string(i) + ".example.org";
  const std::string rows[] = {
      many,
      many + ", a@example.com",
      nonsense,
      "a@" + std::string(65'536, 'b') + ".example.com",
      "\"" + std::string(60'000, '\\') + "\" <a@example.com>, b@keyless.example",
      "a@example.com\r\n\tX: y <b@keyless.example>",
  };
  const dkim_keys::TemporaryFile pem(dkim_keys::rsa_pem);
  Engine engine(policy_text(pem.path(), true), zone_text());
  for (const auto& from : rows) {
    CAPTURE(from.substr(0, 40));
    test::Mail mail;
    mail.login = "a";
    mail.sender = "a@keyless.example";
    const auto session = engine.message(Door::milter, mail);
    HeaderList headers;
    REQUIRE(headers.receive("From", " " + from));
    session->transaction().headers = &headers;
    session->facts().stage(Stage::end_of_message, Deadline::in(std::chrono::seconds(5)));
    engine.resolver.asked.clear();
    session->facts().start(ref_of("from_dmarc"));
    CHECK(session->facts().to_text(ref_of("from_dmarc")) != "pass");
    CHECK(session->facts().reason(ref_of("from_dmarc")).size() < 2000);
    CHECK(session->facts().to_text(ref_of("will_sign")) != "true");
    CHECK(session->facts().reason(ref_of("will_sign")).size() < 1000);
    CHECK(engine.resolver.asked.size() <= 150);
  }
}

TEST_CASE("from_dmarc and will_sign are of outgoing mail only") {
  const dkim_keys::TemporaryFile pem(dkim_keys::rsa_pem);
  Engine engine(policy_text(pem.path(), true), zone_text());
  const auto session = engine.message(Door::milter);
  HeaderList headers;
  REQUIRE(headers.receive("From", " a@example.com"));
  session->transaction().headers = &headers;
  session->facts().stage(Stage::end_of_message, Deadline::in(std::chrono::seconds(5)));
  CHECK(session->facts().get(ref_of("from_dmarc")).state == FactValue::State::absent);
  CHECK(session->facts().get(ref_of("will_sign")).state == FactValue::State::absent);
  CHECK(engine.resolver.asked.empty());
}

TEST_CASE("will_sign: a key for each author, and one From field") {
  struct Row {
    std::vector<std::string> from;
    std::string want;
  };
  const Row rows[] = {
      {{"a@example.com"}, "true"},
      {{"a@example.com, b@example.org"}, "true"},
      {{"a@keyless.example"}, "false"},
      {{"a@example.com, b@keyless.example"}, "false"},
      {{"a@sub.example.com"}, "false"},
      {{"a"}, "false"},
      {{"a@example.com", "a@example.com"}, "false"},
      {{}, "false"},
  };
  const dkim_keys::TemporaryFile pem(dkim_keys::rsa_pem);
  Engine engine(policy_text(pem.path(), true), zone_text());
  for (const auto& row : rows) {
    CAPTURE(row.from.empty() ? "" : row.from.front());
    test::Mail mail;
    mail.login = "a";
    const auto session = engine.message(Door::milter, mail);
    HeaderList headers;
    for (const auto& from : row.from) REQUIRE(headers.receive("From", " " + from));
    session->transaction().headers = &headers;
    session->facts().stage(Stage::end_of_message);
    CHECK(session->facts().to_text(ref_of("will_sign")) == row.want);
  }
  CHECK(engine.resolver.asked.empty());
}

}  // namespace
}  // namespace mailweir

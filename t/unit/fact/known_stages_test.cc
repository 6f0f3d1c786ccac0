// SPDX-License-Identifier: BSD-2-Clause
// Each fact is absent before the stage that its row names, and known from it on, at both doors.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/fixed_scanner.h"
#include "adapter/verify/public_suffixes.h"

namespace mailweir {
namespace {
using test::Engine;

// Everything that a door can tell, told: what is absent then is absent because of the stage.
void fill(Session& session, const HeaderList& headers, bool local) {
  Client& client = session.client();
  client.name = client.reverse_name = "mail.example.com";
  client.server_address = "192.0.2.25";
  client.server_port = 25;
  client.service = "submission";
  client.encryption_protocol = "TLSv1.3";
  client.encryption_cipher = "TLS_AES_256_GCM_SHA384";
  client.encryption_keysize = 256;
  client.ccert_subject = "client";
  client.ccert_issuer = "ca";
  client.ccert_fingerprint = "AA:BB";
  if (local) client.origin = Origin::local;
  Transaction& transaction = session.transaction();
  transaction.sasl_method = "PLAIN";
  transaction.declared_size = 900;
  transaction.queue_id = "4AbC";
  transaction.recipients = {Address::parse("bob@example.net")};
  transaction.headers = session.door() == Door::milter ? &headers : nullptr;
}

FactRef ref(const FactInfo& fact) {
  FactRef made;
  made.id = fact.id;
  made.name = fact.name;
  if (fact.argument == FactArgument::header) made.header = "Subject";
  return made;
}

HeaderList some_headers() {
  HeaderList headers;
  static_cast<void>(headers.receive("X-Local-User", " 33"));
  static_cast<void>(headers.receive("Received", " from a"));
  static_cast<void>(headers.receive("From", " Alice <alice@example.com>"));
  static_cast<void>(headers.receive("Subject", " hello"));
  return headers;
}

// One good signature of example.com, in every message.
class GoodVerifier final : public Verifier {
 public:
  std::unique_ptr<Verification> begin(const HeaderList&, const SignatureJudgePtr&) const override {
    return std::make_unique<Good>();
  }

 private:
  struct Good final : Verification {
    const std::vector<dns::Question>& keys() const override { return none; }
    void write(std::string_view) override {}
    DkimResult finish(Lookups&) override {
      DkimResult result;
      result.signatures.push_back({AuthWord::pass, "example.com", "s", "rsa-sha256", "abcdefgh", "good"});
      settle(result);
      return result;
    }
    std::vector<dns::Question> none;
  };
};

class OneCountry final : public Countries {
 public:
  std::string country(const IpAddress&) const override { return "DE"; }
};

TEST_CASE("each fact is known from its stage on, at both doors") {
  Engine engine(std::string(test::milter_only) + R"([egress]
addresses = ["192.0.2.1"]
[general]
our_domains = ["ours.example"]
local_user_header = "X-Local-User"
[maps]
owners = { "alice@example.com" = "alice" }
[[rule]]
name = "trap"
at = "rcpt"
when = { recipient = "trap@example.net" }
block = { by = "client_address", for = "1d" }
)",
                R"(192.0.2.7 PTR mail.example.com
mail.example.com A 192.0.2.7
example.com MX 10 mail.example.com
example.com TXT "v=spf1 -all"
example.net MX 10 mail.example.net
_dmarc.example.com TXT "v=DMARC1; p=reject"
client.example.org A 192.0.2.7
)");
  const GoodVerifier verifier;
  const auto suffixes = make_public_suffixes();
  REQUIRE(suffixes);
  ScanAnswer answer;
  answer.status = ScanStatus::found;
  answer.name = "Test.Eicar";
  answer.score = 15;
  answer.action = "reject";
  answer.symbols = {"GTUBE"};
  test::FixedScanner virus("clamd", answer), spam("rspamd", answer);
  engine.services.verification = {&verifier, suffixes->get(), &virus, &spam};
  engine.policy->countries = std::make_shared<OneCountry>();
  const HeaderList headers = some_headers();
  const auto map = make_builders(engine.clock).make_table({{"alice@example.com", "alice"}}, TableKind::map).object;
  test::Mail mail;
  mail.login = "alice@example.com";
  for (const Door door : {Door::milter, Door::policy}) {
    for (const auto& fact : all_facts()) {
      if (fact.is_own()) continue;
      const auto session = engine.message(door, mail);
      fill(*session, headers, fact.name == "local_user");
      session->facts().begin_message_checks(CheckSet::all());
      for (const Stage stage : all_stages) {
        CAPTURE(to_string(door));
        CAPTURE(fact.name);
        CAPTURE(to_string(stage));
        if (stage == Stage::end_of_message) {
          session->facts().message_ends();
          REQUIRE(session->facts().await_message(Deadline()));
        }
        session->facts().stage(stage, Deadline::in(std::chrono::seconds(5)));
        FactRef name = ref(fact);
        name.map = map;
        const bool known = session->facts().get(name).state == FactValue::State::known;
        const auto from = known_from(fact, door);
        CHECK(known == (from && *from <= stage));
      }
    }
  }
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Facts: what they are made of, and the questions that the checks do and do not ask.
#include <doctest/doctest.h>

#include <algorithm>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {
using test::Engine;

std::string milter(std::string_view rules) { return std::string(test::milter_only) + std::string(rules); }
constexpr std::string_view nothing = "[[rule]]\nname = \"n\"\nat = \"data\"\nlog = true\n";
constexpr std::string_view zone_text =
    "192.0.2.7 PTR mail.example.com\nmail.example.com A 192.0.2.7\nexample.com MX 10 mail.example.com\nexample.com TXT "
    "\"v=spf1 -all\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"\nclient.example.org A 192.0.2.7\n";

FactRef ref(const FactInfo& fact) {
  FactRef made;
  made.id = fact.id;
  made.name = fact.name;
  if (fact.argument == FactArgument::header) made.header = "Subject";
  return made;
}

TEST_CASE("the table of facts: names that rules may use, and no others") {
  for (const auto& fact : all_facts()) {
    CAPTURE(fact.name);
    CHECK(info(fact.id).id == fact.id);
    CHECK_FALSE(fact.meaning.empty());
    CHECK(fact.words.empty() == (fact.type != FactType::word));
    CHECK((find_fact(fact.name) == &fact) == (!fact.is_own() && fact.argument != FactArgument::header));
    CHECK((fact.lookups == FactLookups::none || fact.check));
    CHECK((fact.part_of.empty() || find_fact(fact.part_of)->part_of.empty()));
    if (fact.skipped != FactSkipped::itself) CHECK_FALSE(fact.part_of.empty());
  }
  CHECK(find_fact("header.Subject")->argument == FactArgument::header);
  CHECK(find_fact("header.") == nullptr);
  CHECK(find_fact("client_adress") == nullptr);
}

TEST_CASE("direction: authenticated, ours, or local is outgoing") {
  struct Row {
    std::string label, client, login;
    bool local;
    std::string want;
  };
  const Row rows[] = {
      {"a stranger", "192.0.2.7", "", false, "incoming"},
      {"with a login", "192.0.2.7", "alice", false, "outgoing"},
      {"from our networks", "198.51.100.9", "", false, "outgoing"},
      {"an address mapped to IPv6", "::ffff:198.51.100.9", "", false, "outgoing"},
      {"just outside them", "198.51.101.9", "", false, "incoming"},
      {"sendmail(1)", "127.0.0.1", "", true, "outgoing"},
      {"loopback that is not named", "127.0.0.1", "", false, "incoming"},
  };
  Engine engine("[general]\nmynetworks = [\"198.51.100.0/24\"]\n" + milter(nothing));
  for (const auto& row : rows) {
    CAPTURE(row.label);
    test::Mail mail;
    mail.client = row.client;
    mail.login = row.login;
    const auto session = engine.message(Door::milter, mail);
    if (row.local) session->client().origin = Origin::local;
    session->facts().stage(Stage::mail);
    CHECK(session->facts().to_text(ref_of("direction")) == row.want);
    CHECK(session->facts().to_text(ref_of("origin")) == (row.local ? "local" : "smtp"));
  }
}

TEST_CASE("size is what was declared until the message is read") {
  Engine engine(milter(nothing));
  const auto session = engine.message(Door::milter);
  session->transaction().size.reset();
  session->transaction().declared_size = 900;
  session->facts().stage(Stage::mail);
  CHECK(session->facts().to_text(ref_of("size")) == "900");
  session->transaction().size = 1234;
  session->facts().stage(Stage::end_of_message);
  CHECK(session->facts().to_text(ref_of("size")) == "1234");
}

TEST_CASE("a fact of one's own may have another as its key, wherever that stands") {
  // Read in the order of the alphabet, a would have come before what it needs.
  Engine engine(milter(
      "[maps]\ncustomer = { \"example.com\" = \"acme\" }\nrank = { acme = \"gold\" }\nmark = { gold = \"yes\" }\n"
      "[facts]\na = { map = \"mark\", key = \"m\" }\nm = { map = \"rank\", key = \"z\" }\n"
      "z = { map = \"customer\", key = \"sender_domain\" }\n"
      "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { a = \"yes\" }\nreject = \"550 5.7.1 {z} {m} {a}\"\n"));
  CHECK(engine.message(Door::milter)->judge(Stage::mail).reply.text == "acme gold yes");
}

TEST_CASE("a fact of one's own is the first key that is found") {
  struct Row {
    std::string sender, login, want;
  };
  const Row rows[] = {
      {"a@example.com", "x@example.org", "org customer"},  // sasl_domain comes first
      {"a@example.com", "x@example.net", "com customer"},  // not in the map: the next key
      {"a@example.com", "x", "com customer"},              // absent: the next key
      {"a@deep.example.com", "", "below"},
      {"a@example.net", "", ""},
      {"<>", "", ""},
  };
  Engine engine(
      milter("[maps]\nc = { \"example.com\" = \"com customer\", \"example.org\" = \"org customer\", \".example.com\" = "
             "\"below\" }\n"
             "[facts]\ncustomer = { map = \"c\", key = [\"sasl_domain\", \"sender_domain\"] }\n" +
             std::string(nothing)));
  for (const auto& row : rows) {
    CAPTURE(row.sender);
    CAPTURE(row.login);
    test::Mail mail;
    mail.sender = row.sender;
    mail.login = row.login;
    const auto session = engine.message(Door::milter, mail);
    FactRef customer;
    customer.id = own_fact().id;
    session->facts().stage(Stage::mail);
    CHECK(session->facts().to_text(customer) == row.want);
  }
}

TEST_CASE("from, from_domain, header and hops read the message as it came, of this transaction only") {
  Engine engine(milter(nothing));
  const auto session = engine.message(Door::milter);
  Facts& facts = session->facts();
  HeaderList headers;
  REQUIRE(headers.receive("From", " \"Alice, A.\" <Alice@Example.COM>,\n b@b.example"));
  REQUIRE(headers.receive("Subject", " one\n two"));
  REQUIRE(headers.receive("subject", " three"));
  session->transaction().headers = &headers;
  facts.stage(Stage::end_of_message);
  CHECK(facts.to_text(ref_of("from")) == "Alice@Example.COM, b@b.example");
  CHECK(facts.to_text(ref_of("from_domain")) == "example.com, b.example");
  CHECK(facts.to_text(ref(*find_fact("header.Subject"))) == "one two, three");
  CHECK(facts.to_text(ref_of("hops")) == "0");

  session->end_transaction(true);
  engine.begin(*session);
  facts.stage(Stage::end_of_message);
  CHECK(facts.get(ref_of("from")).state == FactValue::State::absent);
  HeaderList next;
  REQUIRE(next.receive("From", " c@c.example"));
  session->transaction().headers = &next;
  CHECK(facts.to_text(ref_of("from_domain")) == "c.example");
  CHECK(facts.get(ref(*find_fact("header.Subject"))).state == FactValue::State::absent);
}

TEST_CASE("iprev takes what the MTA has found, and asks only when it found nothing") {
  struct Row {
    std::string label;
    Resolved resolved;
    std::string want;
    std::size_t questions;
  };
  const Row rows[] = {
      {"confirmed", Resolved::ok, "pass", 0},
      {"forged", Resolved::forged, "fail", 0},
      {"nothing", Resolved::unknown, "pass", 2},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Engine engine(milter("[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { iprev = \"" + std::string(row.want) +
                         "\" }\nreject = \"550 5.7.25 no\"\n"),
                  zone_text);
    const auto session = engine.session(Door::milter);
    session->client().resolved = row.resolved;
    for (int message = 0; message < 3; ++message) {
      engine.begin(*session);
      session->judge(Stage::connect);
      CHECK(session->judge(Stage::mail).refuses());
    }
    CHECK(engine.resolver.asked.size() == row.questions);  // once a session
  }
}

TEST_CASE("a check is asked once, by however many rules") {
  Engine engine(
      milter("[[rule]]\nname = \"a\"\nat = \"mail\"\nwhen = { sender_domain_dns = \"nxdomain\" }\nlog = true\n"
             "[[rule]]\nname = \"b\"\nat = \"data\"\nwhen = { sender_domain_dns = \"null-mx\" }\nlog = true\n"),
      zone_text);
  const auto session = engine.message(Door::milter);
  session->judge(Stage::mail);
  const auto asked = engine.resolver.asked.size();
  CHECK(asked >= 2);
  session->judge(Stage::data);
  CHECK(engine.resolver.asked.size() == asked);
}

struct EarlyRow {
  std::string label, rule;
  Stage first;  // judged
  bool asked;   // by then
};

TEST_CASE("lookups start as soon as their input is known and no cheap condition is false already") {
  const EarlyRow rows[] = {
      {"wanted at data, started at connect", R"(at = "data"
when = { iprev = "fail" })",
       Stage::connect, true},
      {"in unless", R"(at = "data"
unless = { iprev = "pass" })",
       Stage::connect, true},
      {"its rule can't hold any more", R"(at = "data"
when = { iprev = "fail", client_address = "198.51.100.1" })",
       Stage::connect, false},
      {"it holds still", R"(at = "data"
when = { iprev = "fail", client_address = "192.0.2.7" })",
       Stage::connect, true},
      {"the exception holds already", R"(at = "data"
when = { iprev = "fail" }
unless = { client_address = "192.0.2.7" })",
       Stage::connect, false},
      {"a condition that is not known yet may come true", R"(at = "data"
when = { iprev = "fail", authenticated = false })",
       Stage::connect, true},
      {"the sender is not there yet", R"(at = "data"
when = { sender_domain_dns = "nxdomain" })",
       Stage::connect, false},
      {"now it is", R"(at = "data"
when = { sender_domain_dns = "nxdomain" })",
       Stage::mail, true},
      {"not the HELO name at connect", R"(at = "data"
when = { helo_dns = "nxdomain" })",
       Stage::connect, false},
      {"but at helo", R"(at = "data"
when = { helo_dns = "nxdomain" })",
       Stage::helo, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Engine engine(milter("[[rule]]\nname = \"r\"\n" + std::string(row.rule) + "\nreject = \"550 5.7.1 no\"\n"),
                  zone_text);
    const auto session = engine.message(Door::milter);
    session->judge(row.first);
    CHECK(engine.resolver.asked.empty() == !row.asked);
  }
}

TEST_CASE("nothing is asked where a cheap condition decides, on either side") {
  const std::string rules[] = {
      "when = { sender = \"carol@example.com\", iprev = \"fail\" }",
      "when = { iprev = \"fail\" }\nunless = { sender = \"alice@example.com\" }",
      "when = { sasl_username = \"x\", iprev = \"fail\" }",  // absent: it can't become yes
  };
  for (const auto& rule : rules) {
    CAPTURE(rule);
    Engine engine(milter("[[rule]]\nname = \"r\"\nat = \"mail\"\n" + rule + "\nreject = \"550 5.7.1 no\"\n"),
                  zone_text);
    const auto session = engine.message(Door::milter);
    session->judge(Stage::mail);
    CHECK(engine.resolver.asked.empty());
  }
}

TEST_CASE("a new HELO name is looked up anew") {
  Engine engine(
      milter("[[rule]]\nname = \"r\"\nat = \"helo\"\nwhen = { helo_dns = \"nxdomain\" }\nreject = \"550 5.7.1 no\"\n"),
      zone_text);
  const auto session = engine.session(Door::milter);
  CHECK_FALSE(session->judge(Stage::helo).refuses());
  session->client().helo_name = "nowhere.example.org";
  session->helo_changed();
  CHECK(session->judge(Stage::helo).refuses());
}

TEST_CASE("silent name servers: all stages of a transaction together wait no longer than the deadline") {
  Engine engine(milter(nothing));
  test::HeldResolver silent;
  Client client;
  client.address = IpAddress::parse("192.0.2.7");
  client.helo_name = "client.example.org";
  Transaction transaction;
  transaction.sender = Address::parse("alice@example.com");
  constexpr auto deadline = std::chrono::milliseconds(40);
  // What is left of the deadline for what the stage asks, as the resolver sees it.
  const auto ask = [&](Facts& facts, std::string_view name, Stage stage) {
    const FactRef fact = ref_of(name);
    const auto before = silent.count();
    const auto begun = std::chrono::steady_clock::now();
    facts.stage(stage, Deadline(begun + deadline));
    CHECK(facts.get(fact).state == FactValue::State::temperror);
    return silent.count() > before ? silent.asked[before].deadline.at() - begun : std::chrono::nanoseconds(0);
  };
  // A busy machine may use up the time before the wait begins: then nothing was waited, and the next stage has it all.
  bool shorter = false;
  for (int tries = 0; tries < 100 && !shorter; ++tries) {
    Facts facts(client, transaction, Door::milter, silent);
    facts.use(*engine.policy);
    CHECK(ask(facts, "iprev", Stage::connect) == deadline);
    const auto left = ask(facts, "helo_dns", Stage::helo);
    CHECK(left <= deadline);
    CHECK(ask(facts, "sender_domain_dns", Stage::mail) <= left);
    shorter = left < deadline;
    facts.forget_transaction();
    transaction.sender = Address::parse("alice@example.org");
    CHECK(ask(facts, "spf", Stage::mail) == deadline);
    transaction.sender = Address::parse("alice@example.com");
  }
  CHECK(shorter);
}

}  // namespace
}  // namespace mailweir

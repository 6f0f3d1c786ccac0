// SPDX-License-Identifier: BSD-2-Clause
// Block lists and the name in HELO in rules: what matches, what is unknown, what is asked.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;
using test::Mail;

constexpr std::string_view head = R"(
[milter]
socket = "inet:10025@127.0.0.1"
[general]
our_names = ["mx.example.net", ".our.example", "192.0.2.25"]
[dnsbl.zen]
zone = "zen.example"
codes = ["127.0.0.2-127.0.0.11"]
weight = 3
[dnsbl.soft]
zone = "soft.example"
weight = 2
[dnsbl.white]
zone = "white.example"
weight = -4
[dnsbl.dbl]
zone = "dbl.example"
kind = "domain"
weight = 5
[dnsbl.off]
zone = "off.example"
)";

constexpr std::string_view zone_text = R"(
2.0.0.127.zen.example A 127.0.0.2
2.0.0.127.soft.example A 127.0.0.2
2.0.0.127.white.example A 127.0.0.2
test.dbl.example A 127.0.1.2
7.2.0.192.zen.example A 127.0.0.4
7.2.0.192.zen.example TXT "https://zen.example/192.0.2.7"
7.2.0.192.soft.example A 127.0.0.2
8.2.0.192.soft.example A 127.0.0.2
8.2.0.192.white.example A 127.0.0.2
9.2.0.192.zen.example SERVFAIL
10.2.0.192.zen.example A 127.255.255.254
11.2.0.192.zen.example A 127.0.0.99
12.2.0.192.zen.example SERVFAIL
12.2.0.192.soft.example A 127.0.0.2
spam.example.dbl.example A 127.0.1.2
helo.spam.example.dbl.example A 127.0.1.4
host.spam.example.dbl.example A 127.0.1.5
)";

std::string with(std::string_view when) {
  return std::string(head) + "[[rule]]\nname = \"hit\"\nat = \"end-of-message\"\nwhen = { " + std::string(when) +
         " }\nreject = \"550 5.7.1 {dnsbl_reason} {dnsbl}\"\n";
}

void prove(Engine& engine) {
  DnsblWatch(engine.resolver, engine.log).step(engine.policy->dnsbl, engine.clock.steady(), engine.clock.wall());
  engine.resolver.asked.clear();
}

TEST_CASE("block lists in conditions") {
  struct Row {
    std::string_view when;
    std::string client, helo, sender, from, name;
    bool want;
  };
  const std::string plain = "client.example.org", alice = "alice@example.com", from = "alice@example.com",
                    unknown = "unknown";
  const Row rows[] = {
      {"dnsbl = \"zen\"", "192.0.2.7", plain, alice, from, unknown, true},
      {"dnsbl = \"soft\"", "192.0.2.7", plain, alice, from, unknown, true},
      {"dnsbl = \"white\"", "192.0.2.7", plain, alice, from, unknown, false},
      {"dnsbl = [\"white\", \"soft\"]", "192.0.2.7", plain, alice, from, unknown, true},
      {"dnsbl = \"!zen\"", "192.0.2.7", plain, alice, from, unknown, false},
      {"dnsbl = \"!zen\"", "192.0.2.8", plain, alice, from, unknown, true},
      {"dnsbl = [\"soft\", \"!white\"]", "192.0.2.8", plain, alice, from, unknown, false},
      {"dnsbl = \"any\"", "192.0.2.7", plain, alice, from, unknown, true},
      {"dnsbl = \"none\"", "192.0.2.7", plain, alice, from, unknown, false},
      // IPv6 of lists that know IPv4 only: not listed. But "off" never answers, so that of all lists "none" is unknown.
      {"dnsbl = \"!zen\"", "2001:db8::7", plain, alice, from, unknown, true},
      {"dnsbl = \"none\"", "2001:db8::7", plain, alice, from, unknown, false},
      // What is in trouble matches nothing, negated or not; what is listed elsewhere stands.
      {"dnsbl = \"zen\"", "192.0.2.9", plain, alice, from, unknown, false},
      {"dnsbl = \"!zen\"", "192.0.2.9", plain, alice, from, unknown, false},
      {"dnsbl = [\"zen\", \"temperror\"]", "192.0.2.9", plain, alice, from, unknown, true},
      {"dnsbl = \"zen\"", "192.0.2.10", plain, alice, from, unknown, false},
      {"dnsbl = \"!zen\"", "192.0.2.10", plain, alice, from, unknown, false},
      {"dnsbl = \"zen\"", "192.0.2.11", plain, alice, from, unknown, false},
      {"dnsbl = \"!zen\"", "192.0.2.11", plain, alice, from, unknown, false},
      {"dnsbl = [\"zen\", \"soft\"]", "192.0.2.12", plain, alice, from, unknown, true},
      {"dnsbl = \"off\"", "192.0.2.7", plain, alice, from, unknown, false},
      {"dnsbl = \"!off\"", "192.0.2.7", plain, alice, from, unknown, false},
      // Weights: those that answered.
      {"dnsbl_score = 5", "192.0.2.7", plain, alice, from, unknown, true},
      {"dnsbl_score = \">= 5\"", "192.0.2.7", plain, alice, from, unknown, true},
      {"dnsbl_score = \"< 0\"", "192.0.2.8", plain, alice, from, unknown, true},
      {"dnsbl_score = 0", "192.0.2.99", plain, alice, from, unknown, true},
      {"dnsbl_score = 2", "192.0.2.12", plain, alice, from, unknown, true},
      // Names.
      {"sender_dnsbl = \"dbl\"", "192.0.2.99", plain, "x@spam.example", from, unknown, true},
      {"sender_dnsbl = \"dbl\"", "192.0.2.99", plain, "x@SPAM.Example", from, unknown, true},
      {"sender_dnsbl = \"any\"", "192.0.2.99", plain, alice, from, unknown, false},
      {"sender_dnsbl = \"!dbl\"", "192.0.2.99", plain, "", from, unknown, false},  // <> has no domain
      {"sender_dnsbl_score = 5", "192.0.2.99", plain, "x@spam.example", from, unknown, true},
      {"helo_dnsbl = \"dbl\"", "192.0.2.99", "helo.spam.example", alice, from, unknown, true},
      {"helo_dnsbl = \"!dbl\"", "192.0.2.99", "[192.0.2.99]", alice, from, unknown, false},
      {"helo_dnsbl = \"!dbl\"", "192.0.2.99", "192.0.2.99", alice, from, unknown, false},
      {"helo_dnsbl = \"!dbl\"", "192.0.2.99", "localhost", alice, from, unknown, false},
      {"client_name_dnsbl = \"dbl\"", "192.0.2.99", plain, alice, from, "host.spam.example", true},
      {"client_name_dnsbl = \"!dbl\"", "192.0.2.99", plain, alice, from, "unknown", false},
      {"from_dnsbl = \"dbl\"", "192.0.2.99", plain, alice, "Bob <b@example.com>, x@spam.example", unknown, true},
      {"from_dnsbl = \"dbl\"", "192.0.2.99", plain, alice, from, unknown, false},
      {"from_dnsbl_score = \"> 4\"", "192.0.2.99", plain, alice, "x@spam.example", unknown, true},
      // HELO
      {"helo_is_address = true", "192.0.2.99", "[192.0.2.99]", alice, from, unknown, true},
      {"helo_is_address = true", "192.0.2.99", "192.0.2.99", alice, from, unknown, true},
      {"helo_is_address = true", "192.0.2.99", "[IPv6:2001:db8::1]", alice, from, unknown, true},
      {"helo_is_address = true", "192.0.2.99", "192.0.2.99.example", alice, from, unknown, false},
      {"helo_is_address = false", "192.0.2.99", plain, alice, from, unknown, true},
      {"helo_address_mismatch = true", "192.0.2.99", "[192.0.2.98]", alice, from, unknown, true},
      {"helo_address_mismatch = true", "192.0.2.99", "[::ffff:192.0.2.99]", alice, from, unknown, false},
      {"helo_address_mismatch = true", "192.0.2.99", plain, alice, from, unknown, false},
      {"helo_is_ours = true", "192.0.2.99", "MX.example.net", alice, from, unknown, true},
      {"helo_is_ours = true", "192.0.2.99", "a.b.our.example", alice, from, unknown, true},
      {"helo_is_ours = true", "192.0.2.99", "our.example", alice, from, unknown, false},
      {"helo_is_ours = true", "192.0.2.99", "[192.0.2.25]", alice, from, unknown, true},
      {"helo_is_ours = true", "192.0.2.99", "203.0.113.1", alice, from, unknown, true},  // the address it connected to
      {"helo_is_ours = true", "192.0.2.99", "example.net", alice, from, unknown, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.when);
    CAPTURE(row.client);
    Engine engine(with(row.when), zone_text);
    prove(engine);
    Mail mail;
    mail.client = row.client;
    mail.helo = row.helo;
    mail.sender = row.sender;
    const auto session = engine.message(Door::milter, mail);
    session->client().name = row.name;
    session->client().server_address = "203.0.113.1";
    HeaderList headers;
    static_cast<void>(headers.receive("From", ' ' + row.from));
    session->transaction().headers = &headers;
    CHECK((session->judge(Stage::end_of_message).action == Action::reject) == row.want);
  }
}

TEST_CASE("block lists: only the zones that rules name are asked, the text only for the reply") {
  Engine engine(std::string(head) +
                    "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { dnsbl = [\"zen\", \"off\"] }\nreject = \"554 "
                    "5.7.1 see {dnsbl_reason}\"\n"
                    "[[rule]]\nname = \"two\"\nat = \"rcpt\"\nwhen = { dnsbl = \"zen\" }\nreject = \"554 5.7.1 no\"\n",
                zone_text);
  prove(engine);
  Mail mail;
  auto session = engine.message(Door::milter, mail);
  CHECK(session->judge(Stage::connect).action == Action::none);
  CHECK(engine.resolver.asked ==
        std::vector<std::string>{"7.2.0.192.zen.example A"});  // begun early; a zone that is off is not asked
  const auto verdict = session->judge(Stage::mail);
  CHECK(verdict.reply.text == "see https://zen.example/192.0.2.7");
  CHECK(engine.resolver.asked == std::vector<std::string>{"7.2.0.192.zen.example A", "7.2.0.192.zen.example TXT"});
  bool told = false;
  for (const auto& [name, value] : verdict.facts)
    told =
        told || (name == "dnsbl_reason" && value.find("192.0.2.7 is listed in zen (127.0.0.4)") != std::string::npos);
  CHECK(told);
  CHECK(session->judge(Stage::rcpt).action == Action::reject);
  CHECK(engine.resolver.asked.size() == 2);
  for (const Dnsbl& list : engine.policy->dnsbl) {
    CAPTURE(list.name);
    CHECK(list.state->asked.load() == (list.name == "zen" ? 1U : 0U));
    CHECK(list.state->listed.load() == (list.name == "zen" ? 1U : 0U));
  }
  // Another client is another question.
  mail.client = "192.0.2.8";
  session = engine.message(Door::milter, mail);
  CHECK(session->judge(Stage::mail).action == Action::none);
}

TEST_CASE("block lists: skip turns a list and its score off") {
  Engine engine(
      std::string(head) +
          "[[rule]]\nname = \"s\"\nat = \"connect\"\nwhen = { client_address = \"192.0.2.7\" }\nskip = [\"dnsbl\"]\n"
          "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = [{ dnsbl = \"any\" }, { dnsbl_score = \"> 0\" }]\nreject = "
          "\"554 5.7.1 no\"\n"
          "[[rule]]\nname = \"d\"\nat = \"mail\"\nwhen = { sender_dnsbl = \"any\" }\nreject = \"554 5.7.1 no\"\n",
      zone_text);
  prove(engine);
  Mail mail;
  auto session = engine.message(Door::milter, mail);
  session->judge(Stage::connect);
  CHECK(session->judge(Stage::mail).action == Action::none);
  CHECK(engine.resolver.asked == std::vector<std::string>{"example.com.dbl.example A"});
  mail.sender = "x@spam.example";  // the lists of names were not turned off
  session = engine.message(Door::milter, mail);
  session->judge(Stage::connect);
  CHECK(test::rule_of(session->judge(Stage::mail)) == "d");
}

TEST_CASE("a list that can't be asked: left out, deferred, or as the rule says") {
  class Down final : public Table {
   public:
    Found find(const IpAddress&) const override { return Found::outage(); }
    Found find_domain(std::string_view) const override { return Found::outage(); }
    Found find(const Address&) const override { return Found::outage(); }
    Found find_word(std::string_view) const override { return Found::outage(); }
    std::size_t size() const override { return 0; }
    void each(const std::function<void(std::string_view, std::string_view)>&) const override {}
  };
  struct Row {
    std::string_view rule;
    Action want;
  };
  const Row rows[] = {
      {"when = { client_address = \"list:l\" }\nreject = \"554 5.7.1 no\"", Action::none},
      {"when = { client_address = \"list:l\" }\nreject = \"554 5.7.1 no\"\non_outage = \"defer\"", Action::defer},
      {"when = { client_address = \"list:l\", sender = \"other@example.com\" }\nreject = \"554 5.7.1 no\"\non_outage = "
       "\"defer\"",
       Action::none},
      {"when = { client_address = [\"192.0.2.7\", \"list:l\"] }\nreject = \"554 5.7.1 no\"", Action::reject},
      {"when = [{ client_address = \"list:l\" }, { sender_domain = \"example.com\" }]\nreject = \"554 5.7.1 no\"",
       Action::reject},
      {"unless = { recipient_domain = \"list:l\" }\nreject = \"554 5.7.1 no\"", Action::defer},
      {"unless = { recipient_domain = \"list:l\" }\nreject = \"554 5.7.1 no\"\non_outage = \"continue\"", Action::none},
      {"unless = [{ recipient_domain = \"list:l\" }, { sender_domain = \"example.com\" }]\nreject = \"554 5.7.1 no\"",
       Action::none},
      {"unless = { recipient_domain = \"list:l\" }\nreject = \"554 5.7.1 no\"\nshadow = true", Action::none},
      {"when = { client_address = \"!list:l\" }\nreject = \"554 5.7.1 no\"", Action::none},
      {"when = { sasl_username = \"list:l\" }\nreject = \"554 5.7.1 no\"\non_outage = \"defer\"",
       Action::none},  // no login: not asked
      {"when = { sender_login_mismatch = \"map:m\" }\nreject = \"554 5.7.1 no\"\non_outage = \"defer\"", Action::defer},
      {"when = { customer = \"gold\" }\nreject = \"554 5.7.1 no\"\non_outage = \"defer\"", Action::defer},
      {"accept = true\nunless = { recipient_domain = \"list:l\" }", Action::none},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    Engine engine(
        std::string(test::milter_only) +
        "[lists]\nl = [\"203.0.113.1\"]\n[maps]\nm = { \"a@b.example\" = \"a\" }\n"
        "[facts]\ncustomer = { map = \"m\", key = \"sender_domain\" }\n[[rule]]\nname = \"r\"\nat = \"rcpt\"\n" +
        std::string(row.rule) + "\n");
    const auto down = std::make_shared<Down>();
    for (Rule& rule : engine.policy->rules[index(Stage::rcpt)])
      for (auto* conditions : {&rule.when, &rule.unless})
        for (auto& table : conditions->tables)
          for (Cell& cell : table) {
            if (cell.fact.map) cell.fact.map = down;
            for (Test& one : cell.tests)
              if (auto* list = std::get_if<TableTest>(&one.what)) list->table = down;
          }
    for (OwnFact& fact : engine.policy->own_facts) fact.map = down;
    const auto session = engine.message(Door::milter);
    const auto verdict = session->judge(Stage::rcpt);
    CHECK(to_string(verdict.action) == to_string(row.want));
    if (row.want == Action::defer) {
      CHECK(verdict.reply.code == "451");
      CHECK(verdict.reason.find("could not be asked") != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace mailweir

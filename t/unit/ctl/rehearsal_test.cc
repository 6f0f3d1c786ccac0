// SPDX-License-Identifier: BSD-2-Clause
// Explain and the doors are one: for each policy and each mail the rehearsal that `mailweirctl explain` prints comes to
// the same answers and edits as bytes of Postfix at the same doors, and asks the DNS and the counters the same.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "../fixture/counting_store.h"
#include "../fixture/dkim_keys.h"
#include "../fixture/postfix_wire.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/verify/public_suffixes.h"
#include "check/dkim_verify.h"
#include "ctl/explanation.h"
#include "ctl/rehearsal.h"
#include "http_door/conversation.h"

namespace mailweir {
namespace {

using namespace test;

const std::string zone_text =
    "192.0.2.7 PTR client.example\nclient.example A 192.0.2.7\nexample.com MX 10 mx.example.com\n"
    "example.com TXT \"v=spf1 ip4:192.0.2.7 -all\"\nmx.example.com A 192.0.2.9\n"
    "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\nforged.example TXT \"v=spf1 -all\"\n"
    "forged.example A 192.0.2.99\n_dmarc.forged.example TXT \"v=DMARC1; p=reject\"\n";

// Lines for two.
class BothLogs final : public Log {
 public:
  BothLogs(Log& one, Log& other) : one_(one), other_(other) {}
  void write(Severity severity, std::string_view line) override {
    one_.write(severity, line);
    other_.write(severity, line);
  }

 private:
  Log &one_, &other_;
};

// The doors of a daemon, with their own counters and DNS.
struct World {
  explicit World(const std::string& text, Log* other = nullptr)
      : engine(text, zone_text), logs(engine.log, other != nullptr ? *other : nowhere), policy(engine.policy) {
    auto made = make_public_suffixes();
    REQUIRE(made);
    suffixes = *made;
    services.verification = {verifier.get(), suffixes.get()};
  }

  Engine engine;
  NullLog nowhere;
  BothLogs logs;
  CountingStore store{*engine.memory};
  Leases leases{store};
  StageBoard board;
  EngineStats stats;
  DigestsPtr digests = openssl_digests();
  VerifierPtr verifier = make_dkim_verifier(digests, openssl_public_keys(), system_clock());
  PublicSuffixesPtr suffixes;
  Services services{engine.resolver, store, logs, engine.clock, leases, board, stats};
  Snapshot<Policy> policy;
  std::atomic<bool> draining{false};
  MilterStats milter_stats;
  PolicyDoorStats policy_stats;
  HttpDoorStats http_stats;
  OnceAMinute bad_lines, login_lines;
  const MilterDoor milter{services, *digests, policy, {}, milter_stats, draining};
  const PolicyDoor policy_door{services, policy, {}, policy_stats};
  const HttpDoor http{services, policy, {}, http_stats, {}, bad_lines, login_lines};
};

// What came of one mail, in either way.
struct Outcome {
  std::vector<std::string> answers, edits, questions, calls, verdicts;
  std::string fate, text;
};

// A log line without what differs from one run to the next.
std::string settled(std::string_view line) {
  std::string text;
  for (const auto word : words(line))
    if (!word.starts_with("id=") && !word.starts_with("took_us=")) text.append(word).append(" ");
  return text;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& one : all) text += one + '\n';
  return text;
}

void take(World& world, Outcome& outcome) {
  outcome.questions = world.engine.resolver.asked;
  std::sort(outcome.questions.begin(), outcome.questions.end());
  outcome.calls = world.store.calls;
  for (const auto& event : {"verdict", "message", "alert", "stage-not-asked", "not-signed", "message-over-bounds"})
    for (const auto& line : world.engine.log.of(event)) outcome.verdicts.push_back(settled(line));
}

Outcome by_wire(const std::string& text, const WireMail& mail) {
  World world(text);
  Outcome outcome;
  {
    MilterConversation milter(world.milter);
    PolicyConversation policy(world.policy_door);
    PostfixWire wire(milter, world.engine.policy->has_policy_door ? &policy : nullptr, *world.engine.policy);
    wire.send(mail);
    outcome.answers = wire.answers;
    outcome.edits = wire.edits;
  }
  take(world, outcome);
  return outcome;
}

// Hears what the explanation hears, and keeps the answers.
class Ears final : public Rehearsal::Audience {
 public:
  Ears(Rehearsal::Audience& next, std::vector<std::string>& answers) : next_(next), answers_(answers) {}
  void begins(Stage stage, std::string_view of) override { next_.begins(stage, of); }
  void answered(Door door, std::string_view answer) override {
    if (answer != "continue" && answer != "action=DUNNO") answers_.emplace_back(answer);
    next_.answered(door, answer);
  }
  void recipients_accepted(std::size_t accepted, std::size_t all) override { next_.recipients_accepted(accepted, all); }
  void message_comes() override { next_.message_comes(); }

 private:
  Rehearsal::Audience& next_;
  std::vector<std::string>& answers_;
};

WhatIf what_of(const WireMail& mail, const std::string& file) {
  WhatIf what;
  what.client_address = mail.local ? "127.0.0.1" : mail.client;
  what.client_name = mail.local ? "localhost" : mail.client_name;
  if (mail.local) what.reverse_client_name = "localhost";
  what.helo = mail.helo;
  what.sender = mail.sender;
  what.sasl_username = mail.login;
  what.recipients = mail.recipients;
  what.resolved.resize(mail.recipients.size());
  what.resolved[0] = mail.rcpt_addr;
  what.local = mail.local;
  std::string text;
  for (const auto& field : mail.fields) text += field.name + " :" + field.value + "\r\n";  // blanks before the colon
  write_file(file, text + "\r\n" + mail.body);
  what.message = read_message(file);
  REQUIRE(what.message);
  return what;
}

Outcome by_explain(const std::string& text, const WireMail& mail) {
  TempDir directory;
  const WhatIf what = what_of(mail, directory / "mail.eml");
  Outcome outcome;
  std::ostringstream out;
  Explanation explanation(what, out);
  World world(text, &explanation);
  world.services.witness = &explanation;
  {
    Ears ears(explanation, outcome.answers);
    Rehearsal rehearsal({world.milter, world.policy_door, world.http}, what, ears);
    const auto fate = rehearsal.run();
    explanation.conclude(fate, rehearsal.edits(), *world.engine.policy, {{}, "", {}});
    for (const auto& edit : rehearsal.edits())
      outcome.edits.push_back(edit.what + '|' + edit.name + '|' + edit.value + '|' + std::to_string(edit.occurrence));
  }
  outcome.text = out.str();
  take(world, outcome);
  return outcome;
}

std::string rule(const std::string& name, const std::string& at, const std::string& rest) {
  return "[[rule]]\nname = \"" + name + "\"\nat = \"" + at + "\"\n" + rest + '\n';
}

const std::string stages = "\"connect\", \"helo\", \"mail\", \"rcpt\", \"data\", \"end-of-message\"";

std::string both() { return both_doors(stages); }
std::string milter() { return std::string(milter_only); }

struct Case {
  std::string label, text;
};

std::vector<Case> policies(const std::string& key_file) {
  const std::string refusals =
      rule("c", "connect", "when = { client_address = \"192.0.2.66\" }\nreject = \"550 5.7.1 no {client_address}\"") +
      rule("h", "helo", "when = { helo_name = \"bad.example\" }\ndrop = \"550 5.7.1 bad helo\"") +
      rule("m", "mail", "when = { sender = \"mallory@example.com\" }\ndefer = \"450 4.7.1 100% no\"") +
      rule("r", "rcpt", "when = { recipient = \"ceo@victim.example\" }\nreject = \"550 5.7.1 not {recipient}\"") +
      rule("d", "data", "when = { recipient_count = \"> 2\" }\nreject = \"550 5.5.3 too many\"");
  const std::string end =
      rule("e", "end-of-message", "when = { header.Subject = \"/spam/\" }\nreject = \"550 5.7.1 spam\"") +
      rule("s", "end-of-message", "when = { size = \"> 300\" }\ndefer = \"452 4.3.4 {size}\"");
  const std::string limits =
      rule("by-login", "rcpt",
           "limit = { by = \"sasl_username\", of = \"recipients\", max = \"2/1h\" }\ndefer = \"450 4.7.1 {limit}\"") +
      rule("by-client", "data",
           "limit = { by = \"client_address\", of = \"messages\", max = \"1/1h\", warn_at = \"50%\" }\nreject = \"550 "
           "5.7.1 "
           "{count}\"") +
      rule("open", "connect",
           "limit = { by = \"client_address\", of = \"open-connections\", max = 5 }\ndefer = \"450 4.7.0 no\"");
  const std::string checks =
      rule("iprev", "connect", "when = { iprev = [\"fail\", \"permerror\"] }\nreject = \"550 5.7.25 no name\"") +
      rule("spf", "mail",
           "when = { spf = \"fail\" }\nunless = { sender = \"nice@forged.example\" }\nreject = \"550 5.7.23 spf\"") +
      rule("dns", "rcpt",
           "when = { sender_domain_dns = \"nxdomain\", recipient = \"bob@example.net\" }\nreject = \"550 5.1.8 dns\"");
  const std::string authentication =
      "[authentication_results]\nauthserv_id = \"mx.test\"\n" +
      rule("dmarc", "end-of-message", "when = { dmarc = \"fail\" }\nreject = \"550 5.7.26 dmarc\"");
  const std::string edits =
      rule("add", "end-of-message",
           "add_headers = { X-Seen = \"by us\" }\nremove_headers = [\"X-Secret\"]\nreplace_header = { Subject = "
           "\"new\" }") +
      rule("hold", "end-of-message", "when = { header.X-Hold = \"/./\" }\nhold = \"{sender}\"") +
      rule("bcc", "rcpt", "when = { recipient = \"carol@example.net\" }\nbcc = \"archive@example.org\"") +
      rule("redirect", "mail", "when = { sender = \"mallory@example.com\" }\nredirect = \"trap@example.org\"") +
      rule("discard", "rcpt", "when = { recipient = \"ceo@victim.example\" }\ndiscard = true");
  std::string signing =
      "[general]\nmynetworks = [\"127.0.0.0/8\"]\n[[dkim.key]]\ndomain = \"example.com\"\nselector = \"s\"\nfile = \"" +
      key_file + "\"\n";
  signing += rule("sign", "end-of-message", "sign = true");
  const std::string shadows =
      rule("block", "rcpt",
           "when = { recipient = \"ceo@victim.example\" }\nblock = { by = \"client_address\", for = \"1h\" }\nreject = "
           "\"550 5.7.1 trap\"") +
      rule("shade", "mail", "shadow = true\nwhen = { sender_domain = \"example.com\" }\nreject = \"550 5.7.1 never\"") +
      rule("tell", "data", "alert = true\nlog = true");
  return {
      {"refusals at the milter door", milter() + refusals + end},
      {"refusals at both doors", both_doors("\"connect\", \"helo\", \"mail\", \"rcpt\", \"data\"") + refusals + end},
      {"limits at the milter door", milter() + limits},
      {"limits at both doors", both_doors("\"rcpt\", \"data\"") + limits},
      {"checks at the milter door", milter() + checks},
      {"checks at both doors", both_doors("\"connect\", \"mail\"") + checks},
      {"authentication", milter() + authentication},
      {"edits", milter() + edits},
      {"signing", milter() + signing},
      {"blocks, shadows, alerts", milter() + shadows},
      {"blocks, shadows, alerts at both doors", both() + shadows}};
}

const WireMail mails[] = {
    {.label = "plain"},
    {.label = "from a denied client", .client = "192.0.2.66"},
    {.label = "named by the MTA", .client = "192.0.2.99", .client_name = "mx.client.example"},
    {.label = "bad HELO", .helo = "bad.example"},
    {.label = "with a login",
     .login = "alice",
     .recipients = {"<a@example.net>", "<b@example.net>", "<c@example.net>"}},
    {.label = "the null sender", .sender = "<>"},
    {.label = "denied sender", .sender = "<Mallory <MALLORY@example.com> (x)>"},
    {.label = "forged sender", .sender = "<x@forged.example>", .fields = {{"From", " x@forged.example"}}},
    {.label = "no such domain", .sender = "<x@gone.example>"},
    {.label = "denied recipient", .recipients = {"<Boss <ceo@victim.example>>"}},
    {.label = "one of two is denied", .recipients = {"<bob@example.net>", "<\"ceo\"@victim.example>"}},
    {.label = "a recipient that only the MTA knows", .recipients = {"<boss>"}, .rcpt_addr = "ceo@victim.example"},
    {.label = "a % that the MTA took apart",
     .recipients = {"<ceo%victim.example@our.test>"},
     .rcpt_addr = "ceo@victim.example"},
    {.label = "no mailbox", .recipients = {"<a b c>", "<bob@example.net>"}},
    {.label = "a sender that is no mailbox", .sender = "<a b c>"},
    {.label = "blanks in quotes", .recipients = {"<\"\t\"@x.example>"}, .rcpt_addr = "\" \"@x.example"},
    {.label = "spam, secret, to be held",
     .recipients = {"<carol@example.net>"},
     .fields = {{"From", " a@example.com"},
                {"Subject", " spam"},
                {"X-Secret", " 1"},
                {"x-secret", " 2"},
                {"X-Hold", " yes"}}},
    {.label = "large", .body = std::string(500, 'x') + "\r\n"},
    {.label = "several From fields",
     .login = "alice",
     .fields = {{"From", " a@example.com"}, {"From", " b@example.com"}, {"Subject", " two"}}},
    {.label = "an author without a key", .login = "alice", .fields = {{"From", " a@nokey.example"}}},
    {.label = "no author", .login = "alice", .fields = {{"Subject", " none"}}},
    {.label = "folded fields",
     .login = "alice",
     .fields = {{"From", " A\n\t<a@example.com>"}, {"Subject", " one\n two"}}},
    {.label = "too many authors",
     .fields = {{"From", " a@example.com" +
                             [] {
                               std::string more;
                               for (int i = 0; i < 200; ++i) more += ", u" + std::to_string(i) + "@example.com";
                               return more;
                             }()}}},
    {.label = "claims our results",
     .fields = {{"Authentication-Results", " mx.test; spf=pass"}, {"From", " alice@example.com"}}},
    {.label = "local", .helo = "localhost", .local = true},
    {.label = "local to a denied recipient",
     .helo = "localhost",
     .recipients = {"<ceo@victim.example>"},
     .local = true},
    {.label = "local from a denied sender", .helo = "localhost", .sender = "mallory@example.com", .local = true},
};

TEST_CASE("explain answers, edits, looks up and counts as the doors do") {
  const dkim_keys::TemporaryFile key(dkim_keys::rsa_pem);
  std::size_t compared = 0, refused = 0, edited = 0, asked = 0, counted = 0;
  for (const auto& policy : policies(key.path())) {
    for (const auto& mail : mails) {
      CAPTURE(policy.label);
      CAPTURE(mail.label);
      const Outcome wire = by_wire(policy.text, mail), explained = by_explain(policy.text, mail);
      CAPTURE(explained.text);
      CHECK(joined(explained.answers) == joined(wire.answers));
      CHECK(joined(explained.edits) == joined(wire.edits));
      CHECK(joined(explained.questions) == joined(wire.questions));
      CHECK(joined(explained.calls) == joined(wire.calls));
      CHECK(joined(explained.verdicts) == joined(wire.verdicts));
      ++compared;
      refused += wire.answers.empty() ? 0 : 1;
      edited += wire.edits.empty() ? 0 : 1;
      asked += wire.questions.size();
      counted += wire.calls.size();
    }
  }
  // The table is no table of mail that nothing happens to.
  CHECK(compared >= 250);
  CHECK(refused >= 60);
  CHECK(edited >= 30);
  CHECK(asked >= 100);
  CHECK(counted >= 50);
}

TEST_CASE("explain says what it found, in the words of the doors") {
  const dkim_keys::TemporaryFile key(dkim_keys::rsa_pem);
  std::map<std::string, std::string> texts;
  for (const auto& policy : policies(key.path())) texts[policy.label] = policy.text;
  struct Row {
    std::string policy, mail, want;
  };
  const Row rows[] = {
      {"signing", "with a login",
       "\n  sign: with the key s._domainkey.example.com (rsa-sha256, 1024 bits, of [[dkim.key]])\n"},
      {"signing", "an author without a key", "\n  sign: no key for nokey.example; the message leaves unsigned\n"},
      {"signing", "no author", "\n  sign: the message has no From header field, and leaves unsigned\n"},
      {"signing", "several From fields", "\n  sign: the message leaves unsigned: it has several From fields\n"},
      {"refusals at the milter door", "plain", "\n  => continue\n\n"},
      {"refusals at the milter door", "denied recipient", "\n     550 5.7.1 not ceo@victim.example\n"},
      {"refusals at the milter door", "too many authors",
       "\n     554 5.6.0 the From fields name more than 100 addresses\n"},
      {"refusals at the milter door", "no mailbox",
       "rcpt <a b c>  (milter door)\n     553 5.1.3 the recipient is not a valid mail address\n"},
      {"refusals at the milter door", "local from a denied sender", "decided at mail: held: 450 4.7.1 100% no\n"},
      {"limits at the milter door", "plain", "-> not limited: its key, sasl_username, is not known\n"},
      {"limits at the milter door", "with a login", "-> over its limit: 2 of 2/1h for alice\n"},
      {"edits", "spam, secret, to be held", "\n  hold: alice@example.com\n"},
      {"edits", "spam, secret, to be held", "The message is held.\n"},
      {"edits", "denied recipient", "The message is discarded.\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.policy);
    CAPTURE(row.mail);
    const auto mail =
        std::find_if(std::begin(mails), std::end(mails), [&](const auto& one) { return one.label == row.mail; });
    REQUIRE(mail != std::end(mails));
    const auto text = by_explain(texts.at(row.policy), *mail).text;
    CAPTURE(text);
    CHECK(text.find(row.want) != text.npos);
  }
}

TEST_CASE("explain asks the http door as Dovecot does") {
  const std::string text = milter() + "[http]\nsocket = \"inet:10027@127.0.0.1\"\n" +
                           rule("guess", "auth", "when = { sasl_username = \"mallory\" }\nreject = \"550 5.7.1 no\"");
  struct Row {
    std::string login, want;
    bool refused;
  };
  for (const Row& row : {Row{"alice", "     status 0\n", false}, Row{"mallory", "     status -1: no\n", true}}) {
    World world(text);
    HttpConversation dovecot(world.http);
    const std::string body = R"({"login":")" + row.login + R"(","remote":"192.0.2.7","protocol":"smtp"})";
    struct Out final : Conversation::Output {
      bool flush() override { return true; }
    } out;
    REQUIRE(dovecot.received("POST /?command=allow HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body,
                             out));
    const Outcome explained = by_explain(text, {.login = row.login});
    CAPTURE(explained.text);
    CHECK(explained.text.find(row.want) != std::string::npos);
    CHECK((out.buffer().find("\"status\":0") == std::string::npos) == row.refused);
    CHECK(joined(explained.questions) == joined(world.engine.resolver.asked));
  }
}

}  // namespace
}  // namespace mailweir

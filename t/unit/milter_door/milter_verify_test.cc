// SPDX-License-Identifier: BSD-2-Clause
// Verification at the milter door: a message event by event, what the rules find, what becomes of the header.
#include <doctest/doctest.h>

#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/verify/dmarc_tools.h"
#include "check/dkim_verify.h"
#include "../fixture/dkim_keys.h"
#include "../fixture/dkim_signatures.h"
#include "engine/needs.h"
#include "../fixture/engine_fixture.h"
#include "milter_door/milter_session.h"
#include "../fixture/milter_peer.h"

using namespace mailweir;
using namespace mailweir::test;

namespace {

const std::string zone_text = std::string("test._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=") + dkim_keys::rsa_public +
                              "\"\n_dmarc.football.example.com TXT \"v=DMARC1; p=reject\"\n192.0.2.7 PTR mx.football.example.com\nmx.football.example.com A 192.0.2.7\n";
const std::string spf_zone = "bounce.football.example.com TXT \"v=spf1 ip4:192.0.2.7 -all\"\nhelo.football.example.com TXT \"v=spf1 ip4:192.0.2.7 -all\"\n"
                             "list.example TXT \"v=spf1 ip4:192.0.2.7 -all\"\nslow.football.example.com SERVFAIL\n";
constexpr const char* body = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
const std::string results = "[authentication_results]\nauthserv_id = \"mx.example.org\"\nchecks = [\"iprev\", \"dkim\", \"dmarc\"]\n";

struct Message {
  std::string client = "192.0.2.7", login, sender = "<joe@football.example.com>", helo = "mx.football.example.com";
  std::vector<HeaderField> above{{"DKIM-Signature", dkim_signatures::rfc_rsa}};  // above the signed fields
  std::string body = ::body;
};

// One message through a session of its own.
class Gate {
 public:
  explicit Gate(const std::string& rules) : engine_(std::string(milter_only) + "[general]\nmynetworks = [\"10.0.0.0/8\"]\n" + rules, zone_text + spf_zone) {
    auto tools = make_dmarc_tools();
    REQUIRE(tools);
    verifier_ = make_dkim_verifier(digests_, openssl_public_keys(), system_clock());
    tools_ = *tools;
    engine_.services.verification = {verifier_.get(), tools_.get()};
    policy_.swap(engine_.policy);
  }

  // "accepted", or the reply.
  std::string send(const Message& message) {
    editor = Editor();
    MacroMap macros;
    if (!message.login.empty()) macros.values["{auth_authen}"] = message.login;
    MilterStats stats;
    MilterSession session(engine_.services, *digests_, policy_, engine_.policy, {}, {milter_needs(*engine_.policy), true}, stats);
    session.connect("unknown", IpAddress::parse(message.client), 40000, macros);
    session.helo(message.helo, macros);
    session.mail({message.sender}, macros);
    session.rcpt({"<suzie@shopping.example.net>"}, macros);
    session.data(macros);
    for (const auto& field : message.above) session.header(field.name, field.value);
    session.header("From", " Joe SixPack <joe@football.example.com>");
    session.header("To", " Suzie Q <suzie@shopping.example.net>");
    session.header("Subject", " Is dinner ready?");
    session.header("Date", " Fri, 11 Jul 2003 21:00:37 -0700 (PDT)");
    session.header("Message-ID", " <20030712040037.46341.5F8J@football.example.com>");
    session.end_of_header(macros);
    const std::string_view all = message.body;
    for (std::size_t at = 0; at < all.size(); at += 10) session.body(all.substr(at, 10));
    const auto answer = session.end_of_message(editor, macros);
    return answer.kind == MilterAnswer::Kind::go_on ? "accepted" : answer.reply ? answer.reply->line(true) : "?";
  }
  void silence(std::string_view domain) { engine_.resolver.silent = domain; }
  // The last message's line.
  std::string line() const { return engine_.log.of("message").back(); }
  bool asked(std::string_view name) const {
    return std::any_of(engine_.resolver.asked.begin(), engine_.resolver.asked.end(), [&](const std::string& one) { return one.starts_with(name); });
  }
  // All that the DNS was asked, sorted, a blank behind each.
  std::string questions() const {
    auto all = engine_.resolver.asked;
    std::sort(all.begin(), all.end());
    std::string text;
    for (const auto& one : all) text += one + ' ';
    return text;
  }

  Editor editor;

 private:
  Engine engine_;
  VerifierPtr verifier_;
  DmarcToolsPtr tools_;
  DigestsPtr digests_ = openssl_digests();
  Snapshot<Policy> policy_;
};

std::string rule(const std::string& name, const std::string& when, const std::string& more = "reject = \"550 5.7.1 no ({dkim_domain}) ({dmarc_policy})\"") {
  return "[[rule]]\nname = \"" + name + "\"\nat = \"end-of-message\"\nwhen = { " + when + " }\n" + more + "\n";
}

Message changed() {
  Message message;
  message.body = "Hello\r\n";
  return message;
}

}  // namespace

TEST_CASE("milter verify: rules that ask dkim and dmarc") {
  struct Row {
    std::string when;
    bool altered;
    std::string want;
  };
  const std::string no = "550 5.7.1 no (football.example.com) (none)", bad = "550 5.7.1 no () (reject)";
  const Row rows[] = {
      {"dkim = \"pass\"", false, no},
      {"dkim = \"fail\"", false, "accepted"},
      {"dkim = \"fail\"", true, bad},
      {"dkim = [\"fail\", \"none\"]", true, bad},
      {"dkim_domain = \"football.example.com\"", false, no},
      {"dkim_domain = \".example.com\"", false, no},
      {"dkim_domain = \"football.example.com\"", true, "accepted"},
      {"dmarc = \"pass\"", false, no},
      {"dmarc = \"fail\", dmarc_policy = \"reject\"", true, bad},
      {"dmarc_policy = \"reject\"", false, "accepted"},
      {"dmarc_policy = [\"quarantine\", \"reject\"]", true, bad},
  };
  for (const auto& row : rows) {
    CAPTURE(row.when);
    Gate gate(rule("r", row.when));
    CHECK(gate.send(row.altered ? changed() : Message()) == row.want);
  }
}

TEST_CASE("milter verify: the message's line says what was found") {
  Gate gate(rule("r", "dmarc = \"fail\""));
  CHECK(gate.send({}) == "accepted");
  CHECK_MESSAGE(gate.line().find(" dkim=pass dmarc=pass ") != std::string::npos, gate.line());
  gate.send(changed());
  CHECK_MESSAGE(gate.line().find(" dkim=fail dmarc=fail ") != std::string::npos, gate.line());
}

TEST_CASE("milter verify: nothing is verified unless a rule may ask") {
  struct Row {
    std::string rules;
    bool want;
  };
  const Row rows[] = {
      {rule("r", "dkim = \"fail\""), true},
      {rule("r", "size = \"> 1\", dkim = \"fail\""), true},  // the size is not known when it must begin
      {rule("r", "header.Subject = \"lunch\", dkim = \"fail\""), false},
      {rule("r", "direction = \"outgoing\", dkim = \"fail\""), false},
      {rule("r", "dkim = \"fail\"") + "[[rule]]\nname = \"s\"\nat = \"connect\"\nskip = [\"dkim\", \"dmarc\"]\n", false},
      {rule("r", "helo_name = \"x\""), false},
      {rule("r", "direction = \"incoming\"", "add_headers = { X-Dkim = \"{dkim}\" }"), true},
      {rule("r", "dkim = \"fail\"", "shadow = true\nreject = \"550 5.7.1 no\""), true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    Gate gate(row.rules);
    CHECK(gate.send({}) == "accepted");
    CHECK(gate.asked("test._domainkey") == row.want);
    CHECK((gate.line().find(" dkim=") != std::string::npos) == row.want);
  }
}

TEST_CASE("milter verify: only what a rule can need is looked up") {
  const std::string key = "test._domainkey.football.example.com TXT ", spf = "football.example.com TXT ";
  const std::string all = "_dmarc.example.com TXT _dmarc.football.example.com TXT " + spf + key;
  const std::string reply = "reject = \"550 5.7.1 no\"", results_of_dkim = "[authentication_results]\nauthserv_id = \"mx.example.org\"\nchecks = [\"dkim\"]\n";
  const auto skipping = [](const std::string& check) { return "[[rule]]\nname = \"s\"\nat = \"connect\"\nskip = [\"" + check + "\"]\n"; };
  struct Row {
    std::string rules;
    std::string want;
  };
  const Row rows[] = {
      {rule("r", "dkim = \"fail\"", reply), key},
      {rule("r", "dkim_domain = \"example.org\"", reply), key},
      {results_of_dkim, key},
      {rule("r", "dmarc = \"fail\"", reply), all},
      {rule("r", "dmarc_policy = \"quarantine\"", reply), all},
      {rule("r", "dkim = \"fail\"", "add_headers = { X-Dmarc = \"{dmarc}\" }"), all},
      {rule("r", "dkim = \"fail\"", reply) + rule("q", "dmarc = \"fail\", direction = \"outgoing\"", reply), key},
      {rule("r", "dkim = \"fail\"", reply) + rule("q", "dmarc = \"fail\"", reply) + skipping("dmarc"), key},
      {rule("q", "dmarc = \"fail\"", reply) + skipping("dmarc"), ""},
      {rule("q", "dkim = \"fail\"", reply) + skipping("dkim"), ""},
      {rule("r", "spf = \"fail\"", reply), spf},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    Gate gate(row.rules);
    CHECK(gate.send({}) == "accepted");
    CHECK(gate.questions() == row.want);
  }
}

TEST_CASE("milter verify: skip turns one of them off and leaves the other its evidence") {
  const std::string skip = "[[rule]]\nname = \"s\"\nat = \"mail\"\nskip = [\"dkim\"]\n";
  Gate gate(skip + rule("a", "dkim = \"pass\"") + rule("b", "dkim_domain = \"football.example.com\"") + rule("c", "dmarc = \"pass\"", "reject = \"550 5.7.1 dmarc\""));
  CHECK(gate.send({}) == "550 5.7.1 dmarc");
}

TEST_CASE("milter verify: Authentication-Results, without any rule") {
  Gate gate(results);
  CHECK(gate.send({}) == "accepted");
  REQUIRE(gate.editor.done.size() == 1);
  CHECK(gate.editor.done[0] ==
        "insert 0 Authentication-Results: mx.example.org;\n\tiprev=pass policy.iprev=192.0.2.7;\n"
        "\tdkim=pass header.d=football.example.com header.s=test header.a=rsa-sha256 header.b=F45dVWDf;\n"
        "\tdmarc=pass header.from=football.example.com polrec.p=reject");
  gate.send(changed());
  REQUIRE(gate.editor.done.size() == 1);
  CHECK(gate.editor.done[0].find("dkim=fail reason=\"the body was changed\" header.d=football.example.com") != std::string::npos);
  CHECK(gate.editor.done[0].find("dmarc=fail reason=") != std::string::npos);
  Message unsigned_one;
  unsigned_one.above.clear();
  gate.send(unsigned_one);
  CHECK(gate.editor.done[0].find("\tdkim=none;\n") != std::string::npos);
}

TEST_CASE("milter verify: SPF authenticates the author where it is aligned, and is told, without any rule") {
  const std::string from = "\tdmarc=pass header.from=football.example.com polrec.p=reject", failed = "\tdmarc=fail reason=";
  struct Row {
    std::string sender, helo, client, spf, dmarc;  // how the two lines of the field begin
  };
  const Row rows[] = {
      {"<joe@bounce.football.example.com>", "x.example", "192.0.2.7", "\tspf=pass smtp.mailfrom=joe@bounce.football.example.com;", from},
      {"<>", "helo.football.example.com", "192.0.2.7", "\tspf=pass smtp.helo=helo.football.example.com;", from},
      {"<joe@list.example>", "helo.football.example.com", "192.0.2.7", "\tspf=pass smtp.mailfrom=joe@list.example;", failed},
      {"<>", "list.example", "192.0.2.7", "\tspf=pass smtp.helo=list.example;", failed},
      {"<joe@bounce.football.example.com>", "x.example", "192.0.2.8",
       "\tspf=fail reason=\"bounce.football.example.com: -all matches 192.0.2.8\" smtp.mailfrom=joe@bounce.football.example.com;", failed},
      {"<joe@nothing.football.example.com>", "x.example", "192.0.2.7", "\tspf=none smtp.mailfrom=joe@nothing.football.example.com;", failed},
      {"<joe@slow.football.example.com>", "x.example", "192.0.2.7",
       "\tspf=temperror reason=\"slow.football.example.com TXT: SERVFAIL\" smtp.mailfrom=joe@slow.football.example.com;", "\tdmarc=temperror reason="},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sender);
    CAPTURE(row.client);
    Gate gate("[authentication_results]\nauthserv_id = \"mx.example.org\"\n");
    Message message;
    message.above.clear();
    message.sender = row.sender;
    message.helo = row.helo;
    message.client = row.client;
    CHECK(gate.send(message) == "accepted");
    REQUIRE(gate.editor.done.size() == 1);
    CHECK_MESSAGE(gate.editor.done[0].find("\n" + row.spf) != std::string::npos, gate.editor.done[0]);
    CHECK_MESSAGE(gate.editor.done[0].find("\n" + row.dmarc) != std::string::npos, gate.editor.done[0]);
  }
}

TEST_CASE("milter verify: a rule that asks dmarc alone has SPF's word too, also where spf is skipped, and asks nothing where dmarc is") {
  struct Row {
    std::string rules, sender, want;
    bool asked;  // SPF
  };
  const std::string skip = "[[rule]]\nname = \"s\"\nat = \"mail\"\nskip = ";
  const std::string refuse = rule("r", "dmarc = \"fail\"", "reject = \"550 5.7.1 dmarc\"");
  const Row rows[] = {
      {refuse, "<joe@bounce.football.example.com>", "accepted", true},
      {refuse, "<joe@list.example>", "550 5.7.1 dmarc", false},  // cannot speak for the author: not asked
      {skip + "[\"spf\"]\n" + refuse, "<joe@bounce.football.example.com>", "accepted", true},
      {skip + "[\"dmarc\"]\n" + refuse + rule("k", "dkim = \"fail\""), "<joe@bounce.football.example.com>", "accepted", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    CAPTURE(row.sender);
    Gate gate(row.rules);
    Message message;
    message.above.clear();
    message.sender = row.sender;
    CHECK(gate.send(message) == row.want);
    CHECK((gate.asked("bounce.football.example.com TXT") || gate.asked("list.example TXT")) == row.asked);
  }
}

TEST_CASE("milter verify: a stranger's silent name server is no way past DMARC; the author's own may be") {
  const std::string checks = "[dns]\ndeadline = \"60ms\"\n"
                             "[[rule]]\nname = \"p\"\nat = \"connect\"\nwhen = { iprev = \"fail\" }\nreject = \"550 no\"\n"
                             "[[rule]]\nname = \"h\"\nat = \"helo\"\nwhen = { helo_dns = \"null-mx\" }\nreject = \"550 no\"\n"
                             "[[rule]]\nname = \"d\"\nat = \"mail\"\nwhen = { sender_domain_dns = \"null-mx\" }\nreject = \"550 no\"\n";
  const std::string refuse = rule("r", "dmarc = \"fail\", dmarc_policy = \"reject\"", "reject = \"550 5.7.1 dmarc\"");
  const std::string later = rule("t", "dmarc = \"temperror\"", "defer = \"451 4.7.1 later\"");
  const std::string spf = "[[rule]]\nname = \"s\"\nat = \"mail\"\nwhen = { spf = \"softfail\" }\nreject = \"550 no\"\n";
  const std::string junk = " v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s; h=From; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=dGVzdA==";
  std::string many = " <x@football.example.com>";
  for (char c = 'a'; c < 'k'; ++c) many += std::string(", <x@") + c + ".example>";
  struct Row {
    std::string label, silent, client, helo, sender;
    std::vector<HeaderField> above;
    std::string want;
  };
  const std::string no = "550 5.7.1 dmarc", ours = "mx.football.example.com", author = "<joe@football.example.com>";
  const Row rows[] = {
      {"all answer", "", "192.0.2.66", ours, "<x@evil.example>", {}, no},
      {"his reverse name", "66.2.0.192.in-addr.arpa", "192.0.2.66", ours, "<x@list.example>", {}, no},
      {"his HELO", "evil.example", "192.0.2.7", "evil.example", "<x@list.example>", {}, no},
      {"his sender", "evil.example", "192.0.2.7", ours, "<x@evil.example>", {}, no},
      {"his HELO, and the author as sender", "evil.example", "192.0.2.66", "evil.example", "<joe@bounce.football.example.com>", {}, no},
      {"his reverse name, and the author as sender", "66.2.0.192.in-addr.arpa", "192.0.2.66", ours, "<joe@bounce.football.example.com>", {}, no},
      {"the null sender of his HELO", "evil.example", "192.0.2.7", "evil.example", "<>", {}, no},
      {"his signature", "evil.example", "192.0.2.7", ours, "<x@list.example>", {{"DKIM-Signature", junk}}, no},
      {"his signature beside a good one", "evil.example", "192.0.2.7", ours, "<x@list.example>",
       {{"DKIM-Signature", junk}, {"DKIM-Signature", dkim_signatures::rfc_rsa}}, "accepted"},
      {"of many authors", "", "192.0.2.7", ours, "<joe@bounce.football.example.com>", {{"From", many}}, no},
      {"the author's record", "_dmarc.football.example.com", "192.0.2.7", ours, "<x@list.example>", {}, "451 4.7.1 later"},
      {"the author's key", "_domainkey.football.example.com", "192.0.2.7", ours, "<x@list.example>", {{"DKIM-Signature", dkim_signatures::rfc_rsa}}, "451 4.7.1 later"},
      {"the author's SPF", "bounce.football.example.com", "192.0.2.7", ours, "<joe@bounce.football.example.com>", {}, "451 4.7.1 later"},
      {"SPF authenticates the author", "2.0.192.in-addr.arpa", "192.0.2.7", ours, "<joe@bounce.football.example.com>", {}, "accepted"},
  };
  for (const auto& row : rows) {
    for (const auto& more : {std::string(), spf}) {
      CAPTURE(row.label);
      CAPTURE(more);
      Gate gate(checks + more + refuse + later);
      gate.silence(row.silent);
      Message message;
      message.client = row.client;
      message.helo = row.helo;
      message.sender = row.sender;
      message.above = row.above;
      CHECK_MESSAGE(gate.send(message) == row.want, gate.line());
    }
  }
}

TEST_CASE("milter verify: Authentication-Results fields of our name are removed, from the last to the first") {
  Gate gate(results);
  Message message;
  message.above.insert(message.above.begin(), {{"Authentication-Results", " mx.example.org; dkim=pass"},
                                               {"authentication-results", " other.example; spf=pass"},
                                               {"Authentication-Results", " (hello)\n MX.Example.Org 1; dmarc=pass"}});
  CHECK(gate.send(message) == "accepted");
  REQUIRE(gate.editor.done.size() == 3);
  CHECK(gate.editor.done[0] == "remove Authentication-Results 3");
  CHECK(gate.editor.done[1] == "remove Authentication-Results 1");
  CHECK(gate.editor.done[2].starts_with("insert 0 Authentication-Results: mx.example.org;"));
  CHECK(gate.line().find(" forged_results=2 ") != std::string::npos);
}

TEST_CASE("milter verify: Authentication-Results of outgoing mail") {
  const std::string forged = "remove Authentication-Results 1";
  const std::vector<HeaderField> field{{"Authentication-Results", " mx.example.org; dkim=pass"}};
  struct Row {
    std::string label, more, client, login;
    std::vector<std::string> want;  // how each edit begins
  };
  const Row rows[] = {
      {"a stranger", "", "192.0.2.7", "", {forged, "insert 0 Auth"}},
      {"a login: its word is not ours", "", "192.0.2.7", "joe", {forged}},
      {"a machine of ours: its field may be true", "", "10.0.0.7", "", {}},
      {"asked for, a login", "outgoing = true\n", "192.0.2.7", "joe", {forged, "insert 0 Authentication-Results: mx.example.org;\n\tauth=pass smtp.auth=joe;"}},
      {"asked for, a machine of ours", "outgoing = true\n", "10.0.0.7", "", {"insert 0 Auth"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Gate gate(results + row.more);
    Message message;
    message.client = row.client;
    message.login = row.login;
    message.above = field;
    CHECK(gate.send(message) == "accepted");
    REQUIRE(gate.editor.done.size() == row.want.size());
    for (std::size_t i = 0; i < row.want.size(); ++i) CHECK_MESSAGE(gate.editor.done[i].starts_with(row.want[i]), gate.editor.done[i]);
  }
}

TEST_CASE("milter verify: what is skipped is not told, and what is refused gets no field") {
  Gate skipping(results + "[[rule]]\nname = \"s\"\nat = \"connect\"\nskip = [\"dkim\", \"dmarc\"]\n");
  CHECK(skipping.send({}) == "accepted");
  CHECK(skipping.editor.done[0] == "insert 0 Authentication-Results: mx.example.org;\n\tiprev=pass policy.iprev=192.0.2.7");
  CHECK_FALSE(skipping.asked("test._domainkey"));
  Gate refusing(results + rule("r", "dkim = \"pass\""));
  CHECK(refusing.send({}) != "accepted");
  CHECK(refusing.editor.done.empty());
}

TEST_CASE("milter verify: what a policy needs of the MTA") {
  struct Row {
    std::string rules;
    bool headers, body, edits;
  };
  const Row rows[] = {
      {"", false, false, false},
      {results, true, true, true},
      {"[authentication_results]\nauthserv_id = \"mx\"\nchecks = [\"iprev\"]\n", true, false, true},
      {rule("r", "dkim = \"fail\""), true, true, false},
      {rule("r", "dmarc_policy = \"reject\""), true, true, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    const auto needs = milter_needs(*load_policy(std::string(milter_only) + row.rules));
    CHECK(needs.headers == row.headers);
    CHECK(needs.body == row.body);
    CHECK(needs.edits_headers == row.edits);
  }
}

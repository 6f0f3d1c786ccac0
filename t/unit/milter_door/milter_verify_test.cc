// SPDX-License-Identifier: BSD-2-Clause
// Verification at the milter door: a message event by event, and what the rules find.
#include <doctest/doctest.h>

#include "../fixture/verify_gate.h"

using namespace mailweir;
using namespace mailweir::test;

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
      {rule("r", "dkim = \"fail\"") + "[[rule]]\nname = \"s\"\nat = \"connect\"\nskip = [\"dkim\", \"dmarc\"]\n",
       false},
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
  const std::string all = "_dmarc.com TXT _dmarc.example.com TXT _dmarc.football.example.com TXT " + spf + key;
  const std::string reply = "reject = \"550 5.7.1 no\"",
                    results_of_dkim =
                        "[authentication_results]\nauthserv_id = \"mx.example.org\"\nchecks = [\"dkim\"]\n";
  const auto skipping = [](const std::string& check) {
    return "[[rule]]\nname = \"s\"\nat = \"connect\"\nskip = [\"" + check + "\"]\n";
  };
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
  Gate gate(skip + rule("a", "dkim = \"pass\"") + rule("b", "dkim_domain = \"football.example.com\"") +
            rule("c", "dmarc = \"pass\"", "reject = \"550 5.7.1 dmarc\""));
  CHECK(gate.send({}) == "550 5.7.1 dmarc");
}

TEST_CASE(
    "milter verify: a rule that asks dmarc alone has SPF's word too, also where spf is skipped, and asks nothing where "
    "dmarc is") {
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
      {skip + "[\"dmarc\"]\n" + refuse + rule("k", "dkim = \"fail\""), "<joe@bounce.football.example.com>", "accepted",
       false},
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

TEST_CASE("milter verify: an author that is only shown is not one without a domain") {
  struct Row {
    const char *from, *want;
  };
  const Row rows[] = {
      {" root", "accepted"},
      {" Joe SixPack", "accepted"},
      {" =?utf-8?q?joe=40football=2Eexample=2Ecom?=", "550 5.7.1 no () (reject)"},
      {" =?utf-8?b?am9lQGZvb3RiYWxsLmV4YW1wbGUuY29t?= <joe>", "550 5.7.1 no () (reject)"},
      {" (Joe <joe@football.example.com>", "550 5.7.1 no () (reject)"},
      {" @football.example.com", "550 5.7.1 no () (reject)"},
      {" <joe@\"football.example.com\">", "550 5.7.1 no () (reject)"},
      {" <joe@foot\\ball.example.com>", "550 5.7.1 no () (reject)"},
      {" =?utf-8?q?x<joe@football.example.com>?= <a@evil.example>", "550 5.7.1 no () (reject)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.from);
    Gate gate(rule("forged", "dmarc = \"fail\""));
    Message message;
    message.above.clear();
    message.from = row.from;
    CHECK(gate.send(message) == row.want);
  }
}

TEST_CASE("milter verify: a stranger's silent name server is no way past DMARC; the author's own may be") {
  const std::string checks =
      "[dns]\ndeadline = \"60ms\"\n"
      "[[rule]]\nname = \"p\"\nat = \"connect\"\nwhen = { iprev = \"fail\" }\nreject = \"550 no\"\n"
      "[[rule]]\nname = \"h\"\nat = \"helo\"\nwhen = { helo_dns = \"null-mx\" }\nreject = \"550 no\"\n"
      "[[rule]]\nname = \"d\"\nat = \"mail\"\nwhen = { sender_domain_dns = \"null-mx\" }\nreject = \"550 no\"\n";
  const std::string refuse = rule("r", "dmarc = \"fail\", dmarc_policy = \"reject\"", "reject = \"550 5.7.1 dmarc\"");
  const std::string later = rule("t", "dmarc = \"temperror\"", "defer = \"451 4.7.1 later\"");
  const std::string spf = "[[rule]]\nname = \"s\"\nat = \"mail\"\nwhen = { spf = \"softfail\" }\nreject = \"550 no\"\n";
  const std::string junk =
      " v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s; h=From; "
      "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=dGVzdA==";
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
      {"his HELO, and the author as sender",
       "evil.example",
       "192.0.2.66",
       "evil.example",
       "<joe@bounce.football.example.com>",
       {},
       no},
      {"his reverse name, and the author as sender",
       "66.2.0.192.in-addr.arpa",
       "192.0.2.66",
       ours,
       "<joe@bounce.football.example.com>",
       {},
       no},
      {"the null sender of his HELO", "evil.example", "192.0.2.7", "evil.example", "<>", {}, no},
      {"his signature", "evil.example", "192.0.2.7", ours, "<x@list.example>", {{"DKIM-Signature", junk}}, no},
      {"his signature beside a good one",
       "evil.example",
       "192.0.2.7",
       ours,
       "<x@list.example>",
       {{"DKIM-Signature", junk}, {"DKIM-Signature", dkim_signatures::rfc_rsa}},
       "accepted"},
      {"of many authors", "", "192.0.2.7", ours, "<joe@bounce.football.example.com>", {{"From", many}}, no},
      {"the author's record",
       "_dmarc.football.example.com",
       "192.0.2.7",
       ours,
       "<x@list.example>",
       {},
       "451 4.7.1 later"},
      {"the author's key",
       "_domainkey.football.example.com",
       "192.0.2.7",
       ours,
       "<x@list.example>",
       {{"DKIM-Signature", dkim_signatures::rfc_rsa}},
       "451 4.7.1 later"},
      {"the author's SPF",
       "bounce.football.example.com",
       "192.0.2.7",
       ours,
       "<joe@bounce.football.example.com>",
       {},
       "451 4.7.1 later"},
      {"SPF authenticates the author",
       "2.0.192.in-addr.arpa",
       "192.0.2.7",
       ours,
       "<joe@bounce.football.example.com>",
       {},
       "accepted"},
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

// SPDX-License-Identifier: BSD-2-Clause
// Authentication-Results at the milter door: what the field says, when it is written, and which others are removed.
#include <doctest/doctest.h>

#include "../fixture/verify_gate.h"

using namespace mailweir;
using namespace mailweir::test;

TEST_CASE("milter verify: Authentication-Results, without any rule") {
  Gate gate(results);
  CHECK(gate.send({}) == "accepted");
  REQUIRE(gate.editor.done.size() == 1);
  CHECK(gate.editor.done[0] ==
        "insert 0 Authentication-Results: mx.example.org;\n\tiprev=pass policy.iprev=192.0.2.7;\n"
        "\tdkim=pass header.d=football.example.com header.s=test header.a=rsa-sha256 header.b=F45dVWDf;\n"
        "\tdmarc=pass header.from=football.example.com policy.dmarc=reject");
  gate.send(changed());
  REQUIRE(gate.editor.done.size() == 1);
  CHECK(gate.editor.done[0].find("dkim=fail reason=\"the body was changed\" header.d=football.example.com") !=
        std::string::npos);
  CHECK(gate.editor.done[0].find("dmarc=fail reason=") != std::string::npos);
  Message unsigned_one;
  unsigned_one.above.clear();
  gate.send(unsigned_one);
  CHECK(gate.editor.done[0].find("\tdkim=none;\n") != std::string::npos);
}

TEST_CASE("milter verify: SPF authenticates the author where it is aligned, and is told, without any rule") {
  const std::string from = "\tdmarc=pass header.from=football.example.com policy.dmarc=reject",
                    failed = "\tdmarc=fail reason=";
  struct Row {
    std::string sender, helo, client, spf, dmarc;  // how the two lines of the field begin
  };
  const Row rows[] = {
      {"<joe@bounce.football.example.com>", "x.example", "192.0.2.7",
       "\tspf=pass smtp.mailfrom=joe@bounce.football.example.com;", from},
      {"<>", "helo.football.example.com", "192.0.2.7", "\tspf=pass smtp.helo=helo.football.example.com;", from},
      {"<joe@list.example>", "helo.football.example.com", "192.0.2.7", "\tspf=pass smtp.mailfrom=joe@list.example;",
       failed},
      {"<>", "list.example", "192.0.2.7", "\tspf=pass smtp.helo=list.example;", failed},
      {"<joe@bounce.football.example.com>", "x.example", "192.0.2.8",
       "\tspf=fail reason=\"bounce.football.example.com: -all matches 192.0.2.8\" "
       "smtp.mailfrom=joe@bounce.football.example.com;",
       failed},
      {"<joe@nothing.football.example.com>", "x.example", "192.0.2.7",
       "\tspf=none smtp.mailfrom=joe@nothing.football.example.com;", failed},
      {"<joe@slow.football.example.com>", "x.example", "192.0.2.7",
       "\tspf=temperror reason=\"slow.football.example.com TXT: SERVFAIL\" "
       "smtp.mailfrom=joe@slow.football.example.com;",
       "\tdmarc=temperror reason="},
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
      {"asked for, a login",
       "outgoing = true\n",
       "192.0.2.7",
       "joe",
       {forged, "insert 0 Authentication-Results: mx.example.org;\n\tauth=pass smtp.auth=joe;"}},
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
    for (std::size_t i = 0; i < row.want.size(); ++i)
      CHECK_MESSAGE(gate.editor.done[i].starts_with(row.want[i]), gate.editor.done[i]);
  }
}

TEST_CASE("milter verify: what is skipped is not told, and what is refused gets no field") {
  Gate skipping(results + "[[rule]]\nname = \"s\"\nat = \"connect\"\nskip = [\"dkim\", \"dmarc\"]\n");
  CHECK(skipping.send({}) == "accepted");
  CHECK(skipping.editor.done[0] ==
        "insert 0 Authentication-Results: mx.example.org;\n\tiprev=pass policy.iprev=192.0.2.7");
  CHECK_FALSE(skipping.asked("test._domainkey"));
  Gate refusing(results + rule("r", "dkim = \"pass\""));
  CHECK(refusing.send({}) != "accepted");
  CHECK(refusing.editor.done.empty());
}

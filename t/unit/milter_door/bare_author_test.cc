// SPDX-License-Identifier: BSD-2-Clause
// Authors without a domain, and others that Sendmail writes anew after we have seen them: it appends its own name ($j),
// makes dots of blanks, and takes the sender where From is missing. Postfix has rewritten the field before we see it,
// or leaves it alone, and reads victim!ceo as ceo@victim. No rule on From, nor DMARC, may be passed by what the field
// will say then.
#include <doctest/doctest.h>

#include "../fixture/verify_gate.h"

namespace mailweir {
namespace {

using namespace test;

constexpr const char* host = "football.example.com";  // has a DMARC record, p=reject

TEST_CASE("bare author: what Sendmail will make of From is judged, too") {
  const std::string no = "550", fail = "550 5.7.1 no () (reject)", good = "accepted";
  const std::string owners = "[maps]\nowners = { \"football.example.com\" = \"joe\" }\n";
  struct Row {
    std::string from, when, postfix, sendmail;
  };
  const Row rows[] = {
      {"victim!ceo", "from = \"ceo@victim\"", no, no},
      {"victim!ceo", "from_domain = \"victim\"", no, no},
      {"Boss <victim!ceo>", "from = \"victim!ceo@football.example.com\"", good, no},
      {"victim!ceo", "from_domain = \"football.example.com\"", good, no},
      {"victim!ceo, eve@evil.example", "from_domain = \"football.example.com\"", good, no},
      {"ceo@victim, victim!ceo", "from_domain = \"football.example.com\"", good, no},
      {"a!b!ceo", "from_domain = \"football.example.com\"", good, no},
      {"victim!ceo", "dmarc = \"fail\"", good, fail},
      {"Boss <victim!ceo>", "dmarc = \"fail\", dmarc_policy = \"reject\"", good, fail},
      {"victim!ceo", "from_count = \"> 1\"", good, good},
      {"victim!ceo", "from_domain_aligned = false", no, no},
      // A host with a dot is one to Sendmail, too.
      {"victim.example!ceo", "from = \"ceo@victim.example\"", no, no},
      {"victim.example!ceo", "from_domain = \"football.example.com\"", good, good},
      {"ceo%victim.example", "from_domain = \"football.example.com\"", good, good},
      // No domain at all.
      {"root", "from_domain = \"football.example.com\"", good, no},
      {"Boss <root>", "from = \"root@football.example.com\"", good, no},
      {"root", "from = \"root@\"", no, no},
      {"root", "dmarc = \"fail\"", good, fail},
      {"root", "from_count = \"> 1\"", good, good},
      {"root@evil.example", "from_domain = \"football.example.com\"", good, good},
      {"Joe SixPack", "from = \"joe.sixpack@football.example.com\"", good, no},
      {"Joe SixPack <>", "from_domain = \"football.example.com\"", good, good},
      // Beside an address.
      {"ceo, eve@evil.example", "from = \"ceo@football.example.com\"", good, no},
      {"eve@evil.example, Pat ceo", "from_domain = \"football.example.com\"", good, no},
      {"Team: ceo;, eve@evil.example", "dmarc = \"fail\"", good, fail},
      {"ceo, eve@evil.example", "from_login_mismatch = \"map:owners\"", good, no},
      {"ceo, eve@evil.example", "from_domain_aligned = false", good, no},
      {"ceo, eve@evil.example", "from_count = \"> 1\"", good, no},
      {"Smith, John <eve@evil.example>", "from_domain = \"football.example.com\"", good, no},
      {"\"Smith, John\" <eve@evil.example>", "from_domain = \"football.example.com\"", good, good},
      // Another address, when it has left.
      {"joe@football example.com", "from = \"joe@football.example.com\"", good, no},
      {"joe@football example.com", "dmarc = \"fail\"", good, fail},
      {"joe@foot>ball.example.com", "dmarc = \"fail\"", good, fail},
      {"joe@localhost", "from_domain = \"football.example.com\"", good, no},
      {"football.example.com !joe", "dmarc = \"fail\"", good, fail},
      {"=?utf-8?q?ceo=40victim.example?=", "dmarc = \"fail\"", no, no},
      // Nothing in it.
      {"", "from = \"eve@evil.example\"", good, no},
      {" \n ", "from_domain_aligned = true", good, no},
      {"", "from_count = 0", no, no},
      {"<>", "from_domain = \"evil.example\"", good, good},
      // Whose that is.
      {"eve!x", "from_login_mismatch = \"map:owners\"", good, no},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    CAPTURE(row.when);
    Gate gate(owners + rule("r", row.when));
    Message message;
    message.above.clear();
    message.from = ' ' + row.from;
    message.sender = "<eve@evil.example>";
    message.helo = "evil.example";
    CHECK(gate.send(message).substr(0, row.postfix.size()) == row.postfix);
    message.sendmail = host;
    CHECK(gate.send(message).substr(0, row.sendmail.size()) == row.sendmail);
  }
}

TEST_CASE("bare author: without From, Sendmail's DMARC is that of the sender") {
  for (const bool sendmail : {false, true}) {
    CAPTURE(sendmail);
    Gate gate(rule("r", "dmarc = \"fail\""));
    Message message;
    message.above.clear();
    message.from.clear();
    message.client = "192.0.2.8";  // which its SPF record does not name
    message.sender = "<joe@football.example.com>";
    if (sendmail) message.sendmail = "mx.other.example";
    CHECK((gate.send(message) == "accepted") == !sendmail);
    message.sender = "<>";
    CHECK(gate.send(message) == "accepted");
  }
}

TEST_CASE("bare author: a login needs to own the name that Sendmail will append") {
  const std::string owners = "[maps]\nowners = { \"root\" = \"eve\", \"football.example.com\" = \"joe\" }\n";
  for (const bool sendmail : {false, true}) {
    CAPTURE(sendmail);
    Gate gate(owners + rule("r", "from_login_mismatch = \"map:owners\""));
    Message message;
    message.above.clear();
    message.from = " root";
    if (sendmail) message.sendmail = host;
    message.login = "joe";
    CHECK(gate.send(message) != "accepted");
    message.login = "eve";
    CHECK((gate.send(message) == "accepted") == !sendmail);
  }
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// An author without a domain, and "victim!ceo" with a host that has no dot. Postfix has rewritten the field before we
// see it, or leaves it alone, and reads the latter as ceo@victim; Sendmail appends its own name ($j) to both after we
// have seen them. No rule on From, nor DMARC, may be passed by what the field will say then.
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
      {"Joe SixPack", "from_domain = \"football.example.com\"", good, good},
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

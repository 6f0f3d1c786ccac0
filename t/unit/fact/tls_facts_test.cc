// SPDX-License-Identifier: BSD-2-Clause
// Facts of the session's encryption, as each mail server names a protocol; and the domains of all recipients.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

TEST_CASE("tls_version: what a protocol's name says") {
  struct Row {
    std::string protocol, want;
  };
  const Row rows[] = {
      {"TLSv1.3", "1.3"},   {"TLSv1.2", "1.2"}, {"TLSv1", "1.0"}, {"TLSv1.0", "1.0"}, {"SSLv3", "0.3"},
      {"TLSv2.10", "2.10"}, {"", ""},           {"TLSv", ""},     {"TLSv1.", ""},     {"TLSv1.3x", ""},
      {"TLSv.3", ""},       {"SSLv", ""},       {"DTLSv1.2", ""}, {"TLSv-1.2", ""},   {"TLSv1.2.3", ""},
      {"TLSv100.1", ""},    {"QUIC", ""},
  };
  Engine engine(std::string(test::milter_only) + "[[rule]]\nname = \"n\"\nat = \"data\"\nlog = true\n");
  for (const auto& row : rows) {
    CAPTURE(row.protocol);
    const auto session = engine.message(Door::milter);
    session->client().encryption_protocol = row.protocol;
    session->facts().stage(Stage::mail);
    CHECK(session->facts().to_text(ref_of("tls_version")) == row.want);
    CHECK(session->facts().to_text(ref_of("tls")) == (row.protocol.empty() ? "false" : "true"));
  }
}

TEST_CASE("tls_version is compared; without TLS no comparison holds") {
  struct Row {
    std::string condition, protocol;
    bool holds;
  };
  const Row rows[] = {
      {"tls_version = \"< 1.2\"", "TLSv1.1", true},  {"tls_version = \"< 1.2\"", "TLSv1", true},
      {"tls_version = \"< 1.2\"", "SSLv3", true},    {"tls_version = \"< 1.2\"", "TLSv1.2", false},
      {"tls_version = \"< 1.2\"", "", false},        {"tls_version = \">= 1.2\"", "TLSv1.3", true},
      {"tls_version = \"1.3\"", "TLSv1.3", true},    {"tls_version = \"!1.3\"", "TLSv1.2", true},
      {"tls_version = \"!1.3\"", "TLSv1.3", false},  {"tls_version = [\"1.2\", \"1.3\"]", "TLSv1.2", true},
      {"tls_version = \"< 1.10\"", "TLSv1.3", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.condition);
    CAPTURE(row.protocol);
    Engine engine(std::string(test::milter_only) + "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { " + row.condition +
                  " }\nreject = \"550 5.7.1 no\"\n");
    const auto session = engine.message(Door::milter);
    session->client().encryption_protocol = row.protocol;
    CHECK((test::rule_of(session->judge(Stage::mail)) == "r") == row.holds);
  }
}

TEST_CASE("recipient_domains: each once, of this message only; one suffices for a condition") {
  Engine engine(std::string(test::milter_only) +
                "[lists]\npartners = [\"partner.example\"]\n[[rule]]\nname = \"r\"\nat = \"data\"\n"
                "when = { recipient_domains = \"list:partners\" }\nreject = \"550 5.7.1 no\"\n");
  const auto session = engine.message(Door::milter);
  const auto recipients = [&](std::vector<std::string> all) {
    session->transaction().recipients.clear();
    for (const auto& one : all) session->transaction().recipients.push_back(Address::parse(one));
  };
  recipients({"a@b.example", "c@b.example", "d@partner.example", "postmaster"});
  CHECK(test::rule_of(session->judge(Stage::data)) == "r");
  CHECK(session->facts().to_text(ref_of("recipient_domains")) == "b.example, partner.example");
  session->end_transaction(true);
  engine.begin(*session);
  recipients({"a@b.example"});
  CHECK(test::rule_of(session->judge(Stage::data)) == "-");
  CHECK(session->facts().to_text(ref_of("recipient_domains")) == "b.example");
}

}  // namespace
}  // namespace mailweir

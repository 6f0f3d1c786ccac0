// SPDX-License-Identifier: BSD-2-Clause
// Facts of the session's encryption, as each mail server names a protocol; and the domains of all recipients.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "mail/tls_version.h"

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

TEST_CASE("tls_version and encryption_keysize are compared; absent they hold nowhere") {
  struct Row {
    std::string condition, protocol;
    std::optional<std::uint16_t> bits;
    bool holds;
  };
  const Row rows[] = {
      {"tls_version = \"< 1.2\"", "TLSv1.1", 256, true},
      {"tls_version = \"< 1.2\"", "TLSv1", 256, true},
      {"tls_version = \"< 1.2\"", "SSLv3", 128, true},
      {"tls_version = \"< 1.2\"", "TLSv1.2", 256, false},
      {"tls_version = \"< 1.2\"", "", {}, false},
      {"tls_version = \">= 1.2\"", "TLSv1.3", 256, true},
      {"tls_version = \"1.3\"", "TLSv1.3", 256, true},
      {"tls_version = \"!1.3\"", "TLSv1.2", 256, true},
      {"tls_version = \"!1.3\"", "TLSv1.3", 256, false},
      {"tls_version = [\"1.2\", \"1.3\"]", "TLSv1.2", 256, true},
      {"tls_version = \"< 1.10\"", "TLSv1.3", 256, true},
      {"encryption_keysize = \"< 128\"", "TLSv1.2", 112, true},
      {"encryption_keysize = \"< 128\"", "TLSv1.2", 128, false},
      {"encryption_keysize = \"< 128\"", "", {}, false},
      {"encryption_keysize = 256", "TLSv1.3", 256, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.condition);
    CAPTURE(row.protocol);
    Engine engine(std::string(test::milter_only) + "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { " + row.condition +
                  " }\nreject = \"550 5.7.1 no\"\n");
    const auto session = engine.message(Door::milter);
    session->client().encryption_protocol = row.protocol;
    session->client().encryption_keysize = row.bits;
    CHECK((test::rule_of(session->judge(Stage::mail)) == "r") == row.holds);
  }
}

TEST_CASE("the length of a cipher's key, as mail servers write it") {
  struct Row {
    std::string_view text;
    std::uint16_t want;  // 0: nothing
  };
  const Row rows[] = {{"256", 256}, {"0", 0}, {"", 0}, {"-1", 0}, {"65535", 65535}, {"65536", 0}, {"256 bits", 0}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read_keysize(row.text).value_or(0) == row.want);
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

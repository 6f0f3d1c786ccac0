// SPDX-License-Identifier: BSD-2-Clause
// forwarded: mail that is neither from us nor for us.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

TEST_CASE("forwarded: neither end is ours") {
  struct Row {
    std::string sender, recipient, want;
  };
  const Row rows[] = {
      {"a@example.com", "b@example.net", "true"},
      {"a@ours.example", "b@example.net", "false"},
      {"a@example.com", "b@ours.example", "false"},
      {"a@x.ours.example", "b@example.net", "false"},
      {"a@notours.example", "b@example.net", "true"},
      {"<>", "b@example.net", ""},
      {"a@example.com", "postmaster", ""},
  };
  Engine engine("[general]\nour_domains = [\"ours.example\", \".ours.example\"]\n" + std::string(test::milter_only));
  for (const Door door : {Door::milter, Door::policy})
    for (const auto& row : rows) {
      CAPTURE(row.sender);
      CAPTURE(row.recipient);
      test::Mail mail;
      mail.sender = row.sender;
      mail.recipients = {row.recipient};
      const auto session = engine.message(door, mail);
      session->facts().stage(Stage::rcpt);
      CHECK(session->facts().to_text(ref_of("forwarded")) == row.want);
    }
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <string>

#include "delivery/bounce_kind.h"

namespace mailweir {
namespace {

TEST_CASE("bounce kinds: the code decides, and where it says nothing the text") {
  struct Row {
    std::string code, text, want;
  };
  const Row rows[] = {
      {"5.1.1", "", "hard"},
      {"5.1.2", "", "hard"},
      {"5.1.3", "", "hard"},
      {"5.1.6", "", "hard"},
      {"5.1.10", "", "hard"},
      {"5.4.4", "Host or domain name not found", "hard"},
      {"5.1.0", "Domain example.net does not accept mail (nullMX)", "hard"},
      {"5.0.0", "host mx.example.net[192.0.2.7] said: 550 No such user here (in reply to RCPT TO command)", "hard"},
      {"5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "hard"},
      {"5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", "all"},
      {"5.0.0", "554 your address is on a blocklist", "policy"},
      {"5.7.1", "no such user", "policy"},  // the code is not overruled
      {"5.7.26", "", "policy"},
      {"5.2.1", "user unknown", "all"},
      {"5.2.2", "over quota", "all"},
      {"5.3.4", "", "all"},
      {"5.6.0", "", "all"},
      {"5.1.11", "", "all"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    CAPTURE(row.text);
    CHECK(to_string(bounce_kind(row.code, row.text)) == row.want);
  }
  CHECK(counts(BounceKind::all, BounceKind::hard));
  CHECK(counts(BounceKind::hard, BounceKind::hard));
  CHECK_FALSE(counts(BounceKind::hard, BounceKind::all));
  CHECK_FALSE(counts(BounceKind::policy, BounceKind::hard));
}

}  // namespace
}  // namespace mailweir

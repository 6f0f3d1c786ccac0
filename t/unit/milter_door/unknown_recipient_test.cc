// SPDX-License-Identifier: BSD-2-Clause
// Of the recipients that the MTA refuses, which are unknown to it.
#include <doctest/doctest.h>

#include "../fixture/milter_peer.h"
#include "milter_door/envelope.h"

namespace mailweir {
namespace {

using test::MacroMap;

TEST_CASE("envelope: which refused recipient is unknown") {
  struct UnknownRow {
    const char *host, *address;
    bool sendmail, want;
  };
  const UnknownRow rows[] = {
      {"5.1.1", "User unknown in local recipient table", false, true},
      {"4.1.1", "unverified address", false, true},
      {"5.7.1", "Relay access denied", false, false},
      {"5.1.10", "null MX", false, false},
      {"", "", false, false},
      {"5.1.1", "User unknown", true, true},
      {"5.7.1", "Relaying denied", true, false},
      {"", "gone1", true, true},  // Sendmail 8.18
      {"", "\"550 no such thing\"", true, false},
      {"", "", true, false},
  };
  for (const UnknownRow& row : rows) {
    CAPTURE(row.host);
    CAPTURE(row.address);
    MacroMap made;
    made.values["{rcpt_host}"] = row.host;
    made.values["{rcpt_addr}"] = row.address;
    CHECK(is_unknown_at_the_mta(made, row.sendmail) == row.want);
  }
}

}  // namespace
}  // namespace mailweir

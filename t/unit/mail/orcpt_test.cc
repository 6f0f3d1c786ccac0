// SPDX-License-Identifier: BSD-2-Clause
// ORCPT: xtext of RFC 3461, utf-8-addr-xtext of RFC 6533.
#include <doctest/doctest.h>

#include <string>

#include "mail/orcpt.h"

using namespace mailweir;

TEST_CASE("orcpt of a mailbox") {
  struct Row {
    std::string mailbox, want;
  };
  const Row rows[] = {
      {"b@example.net", "rfc822;b@example.net"},
      {"b+x=y@example.net", "rfc822;b+2Bx+3Dy@example.net"},
      {"odd one@example.net", "rfc822;\"odd+20one\"@example.net"},
      {"a\"b@example.net", "rfc822;\"a\\\"b\"@example.net"},
      {"a\tb@example.net", "rfc822;\"a+09b\"@example.net"},
      {"b@[IPv6:2001:db8::1]", "rfc822;b@[IPv6:2001:db8::1]"},
      {"j\xc3\xb6rg@b\xc3\xbc"
       "cher.example",
       "utf-8;j\\x{F6}rg@b\\x{FC}cher.example"},
      {"\xe4\xb8\xad+1@example.net", "utf-8;\\x{4E2D}\\x{2B}1@example.net"},
      {"\xf0\x9f\x93\xa7@example.net", "utf-8;\\x{1F4E7}@example.net"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.mailbox);
    CHECK(orcpt_of(row.mailbox) == row.want);
  }
}

TEST_CASE("orcpt in xtext, for Postfix's milter interface") {
  struct Row {
    std::string orcpt, want;
  };
  const Row rows[] = {
      {"rfc822;b+2Bx@example.net", "rfc822;b+2Bx@example.net"},
      {"utf-8;j\\x{F6}rg\\x{2B}1@example.net", "utf-8;j\xc3\xb6rg+2B1@example.net"},
      {"UTF-8;\\x{4e2d}\\x{1F4E7}@example.net", "utf-8;\xe4\xb8\xad\xf0\x9f\x93\xa7@example.net"},
      {"utf-8;a\\x{}b\\x{D800}c\\x{110000}d\\x{F6", "utf-8;a\\x{}b\\x{D800}c\\x{110000}d\\x{F6"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.orcpt);
    CHECK(orcpt_in_xtext(row.orcpt) == row.want);
  }
}

// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "../fixture/cpu_time.h"
#include "mail/address_list.h"

using namespace mailweir;

namespace {

std::string joined(const std::vector<Address>& list) {
  std::string text;
  for (const auto& address : list) text += (text.empty() ? "" : " | ") + address.text();
  return text;
}

}  // namespace

TEST_CASE("address list: what stands in From fields") {
  struct Row {
    const char *in, *want;
  };
  const Row rows[] = {
      // well formed
      {"user@example.com", "user@example.com"},
      {" user@example.com", "user@example.com"},
      {"<user@example.com>", "user@example.com"},
      {"A User <User@Example.COM>", "user@example.com"},
      {"\"User, A.\" <user@example.com>", "user@example.com"},
      {"\"a \\\"quoted\\\" <x@y.example>\" <user@example.com>", "user@example.com"},
      {"=?utf-8?q?J=C3=B6rg?= <user@example.com>", "user@example.com"},
      {"=?utf-8?Q?Doe,_John?= <user@example.com>", "user@example.com"},
      {"=?utf-8?b?w7w=?=\n =?utf-8?b?w7w=?= <user@example.com>", "user@example.com"},
      {"A User\n\t<user@example.com>", "user@example.com"},
      {"user@example.com (A User)", "user@example.com"},
      // What an MTA may write as the address that it means.
      {"victim.example!ceo", "ceo@victim.example"},
      {"<ceo%victim.example>", "ceo@victim.example"},
      {"a@evil.example <ceo%victim.example>", "ceo@victim.example"},
      {"Save 50% now! <user@example.com>", "user@example.com"},
      {"50%", "50%"},
      {"(x (nested \\) y@z.example)) user@example.com", "user@example.com"},
      {"user(one)@(two)example.com", "user@example.com"},
      {"a@x.example, b@y.example", "a@x.example | b@y.example"},
      {"A <a@x.example>,\n B <b@y.example>", "a@x.example | b@y.example"},
      {"Team: a@x.example, B <b@y.example>;", "a@x.example | b@y.example"},
      {"Undisclosed recipients:;", ""},
      {"Team:a@x.example;, c@z.example", "a@x.example | c@z.example"},
      {"\"odd one\"@example.com", "odd one@example.com"},
      {"\"a@b\"@example.com", "a@b@example.com"},
      {"user@[192.0.2.1]", "user@[192.0.2.1]"},
      {"J\xc3\xb6rg <j\xc3\xb6rg@b\xc3\xbc"
       "cher.example>",
       "j\xc3\xb6rg@xn--bcher-kva.example"},
      // obsolete forms (RFC 5322 4.4)
      {"user . name @ example . com", "user.name@example.com"},
      {"<@r1.example,@r2.example:user@example.com>", "user@example.com"},
      {"a@x.example,,b@y.example,", "a@x.example | b@y.example"},
      // no domain
      {"root", "root"},
      {"<root>", "root"},
      {"Charlie Root <root>", "root"},
      {"root (Cron Daemon)", "root"},
      {"root, user@example.com", "user@example.com"},
      // nothing
      {"", ""},
      {"   \n ", ""},
      {"<>", ""},
      {"Mail Delivery System <>", ""},
      {"A User without address", ""},
      {"=?utf-8?q?only_a_name?=", ""},
      {"@example.com", ""},
      {"(user@example.com)", ""},
      {",;:<>@.\\", ""},
      // an encoded word that is none, because another reader sees an address in it
      {"=?utf-8?q?x<ceo@victim.example>?= <a@evil.example>", "ceo@victim.example | a@evil.example"},
      {"=?utf-8?q?x,ceo@victim.example,y?= <a@evil.example>", "ceo@victim.example | a@evil.example"},
      {"=?utf-8?q?x;ceo@victim.example?=, a@evil.example", "ceo@victim.example?= | a@evil.example"},
      {"=?utf-8?q?Doe,_John?= <j@x.example>", "j@x.example"},
      {"=?utf-8?q?j@x.example?= <j@x.example>", "j@x.example"},
      // a backslash outside of quotes, which Postfix drops
      {"<ceo@vict\\im.example>", "ceo@victim.example"},
      {"c\\eo@victim.example", "ceo@victim.example"},
      {"ceo@victim\\.example", "ceo@victim.example"},
      // broken, and still found
      {"user@example.com <other@example.net>", "other@example.net"},
      {"A User user@example.com", "user@example.com"},
      {"<user@example.com", "user@example.com"},
      {"A User <user@example.com, b@y.example", "user@example.com | b@y.example"},
      {"<a@x.example> <b@y.example>", "a@x.example | b@y.example"},
      {"<a@x.example> b@y.example", "a@x.example | b@y.example"},
      {"<<a@x.example>>", "a@x.example"},
      {"<a@x.example<b@y.example>", "a@x.example | b@y.example"},
      {"\"no end <user@example.com>", "user@example.com"},
      {"no \" end <user@example.com>, \" <b@y.example>", "b@y.example"},
      {"Sales: Europe <user@example.com>", "user@example.com"},
      {"user@example.com; other@example.net", "user@example.com | other@example.net"},
      {"user@example.com.", "user@example.com"},
      {"user@", "user"},
      {"user@example.com>", "user@example.com"},
      {"a@x.example: b@y.example", "a@x.example | b@y.example"},
      {"a@x.example, A@X.example", "a@x.example"},
      {"(never closed user@example.com", ""},
      {"user@example.com\\", "user@example.com"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(joined(parse_address_list(row.in)) == row.want);
  }
  CHECK(joined(parse_address_list(std::string_view("us\0er@example.com", 17))) == "er@example.com");
}

TEST_CASE("address list: what shows an address, though it has none") {
  struct Row {
    const char* in;
    bool want;
  };
  const Row rows[] = {
      {"root", false},
      {"A User without address", false},
      {"=?utf-8?q?only_a_name?=", false},
      {"=?utf-8?b?aGVsbG8=?=", false},
      {"(ceo@victim.example)", true},
      {"(Boss <ceo@victim.example>", true},
      {"@victim.example", true},
      {"=?utf-8?q?ceo=40victim=2Eexample?=", true},
      {"=?UTF-8?Q?=3cceo=40victim.example=3e?= root", true},
      {"=?utf-8?b?Y2VvQHZpY3RpbS5leGFtcGxl?=", true},
      {"=?utf-8?B?Y2VvQHZpY3RpbS5leGFtcGxl=?=", true},
      {"=?utf-16be?b?AGMAZQBvAEAAdg?=", true},
      {"=?utf-8?q?=4?= =?utf-8?b?*?= =?x?y?z?=", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(shows_address(row.in) == row.want);
  }
}

TEST_CASE("address list: time is linear in hostile text") {
  // 100 KB of each, what an MTA takes in one field; a quadratic parser needs many seconds for each.
  for (const char* piece :
       {"\"", "\"\\", "[", "[\\", "(", "<", "=?", "=?a?q?", "a@", "a@b,", "@", ",", "<a@b", ": ", "\\"}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 100'000) text += piece;
    CHECK(test::cpu_time([&] {
            CHECK(parse_address_list(text).size() <= text.size());
            static_cast<void>(shows_address(text));
          }) < std::chrono::seconds(2));
  }
}

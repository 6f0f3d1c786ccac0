// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "milter_door/sendmail_addresses.h"
#include "milter_door/sendmail_tokens.h"

using namespace mailweir;

namespace {

constexpr auto same = AsSendmailWrites::Kind::same, otherwise = AsSendmailWrites::Kind::otherwise,
               unknown = AsSendmailWrites::Kind::unknown;

std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text)
    if (c != '\n') line += c == '\t' ? ' ' : c;
  return line;
}

}  // namespace

// Each row was seen at Sendmail 8.17.1.9: what is `same` here, and what is wanted, it leaves as it is.
TEST_CASE("an address field as Sendmail leaves it") {
  struct Row {
    const char* in;
    const char* want;  // "": as it is
  };
  constexpr Row rows[] = {
      {"", ""},
      {"bob@example.net", ""},
      {" a@example.net, b@example.net", ""},
      {" a@example.net,\n\tb@example.net", ""},
      // commas, blanks, empty items
      {"a@example.net,b@example.net", "a@example.net, b@example.net"},
      {"a@example.net ,b@example.net", "a@example.net, b@example.net"},
      {"a@example.net , b@example.net", "a@example.net, b@example.net"},
      {"a@example.net,,b@example.net", "a@example.net, b@example.net"},
      {"a@example.net, ", "a@example.net"},
      {",a@example.net", "a@example.net"},
      {"Bob <  bob@example.net >", "Bob <bob@example.net>"},
      {"\"Bob, B.\" <b@example.net>,Eve  <e@example.net>", "\"Bob, B.\" <b@example.net>, Eve  <e@example.net>"},
      {"\"a\\\",b\" <b@example.net>,c@example.net", "\"a\\\",b\" <b@example.net>, c@example.net"},
      {"b@example.net (x, (y, z)),c@example.net", "b@example.net (x, (y, z)), c@example.net"},
      {"b@example.net (x \\), y),c@example.net", "b@example.net (x \\), y), c@example.net"},
      {"<a@example.net>,<>", "<a@example.net>, <>"},
      {"< >", "<>"},
      {"a@x.example; b@x.example", "a@x.example, b@x.example"},
      {"A <a@x.example>; B <b@x.example>;", "A <a@x.example>, B <b@x.example>"},
      // names that it quotes
      {"Pat O'Brien <a@x.example>", "\"Pat O'Brien\" <a@x.example>"},
      {"\"Pat O'Brien\" <a@x.example>", ""},
      {"John Q. Public <a@x.example>", "\"John Q. Public\" <a@x.example>"},
      {"Amazon.com <a@x.example>", "\"Amazon.com\" <a@x.example>"},
      {"'A B' <a@x.example>", "\"'A B'\" <a@x.example>"},
      {"A [x] B <a@x.example>", "\"A [x] B\" <a@x.example>"},
      {"A [x <a@x.example>", "\"A [x\" <a@x.example>"},
      {"A;B <a@x.example>", "\"A;B\" <a@x.example>"},
      {"A: B <a@x.example>", "\"A: B\" <a@x.example>"},
      {"A) <a@x.example>", "\"A)\" <a@x.example>"},
      {"A\\B <a@x.example>", "\"AB\" <a@x.example>"},
      {"A > B <a@x.example>", "\"A > B\" <a@x.example>"},
      {"user@example.org <a@x.example>", "\"user@example.org\" <a@x.example>"},
      {"\"A\" B.C <a@x.example>", "\"A B.C\" <a@x.example>"},
      {"\"A \\\"x\\\"\" B. <a@x.example>", "\"A \\\"x\\\" B.\" <a@x.example>"},
      {"\"A.B\" C <a@x.example>", ""},
      {"A.B (x, y) <a@x.example>", "\"A.B\" (x, y) <a@x.example>"},
      {"A (x.y) <a@x.example>", ""},
      {"Public, John Q. <a@x.example>, b@x.example", "Public@sm.test, \"John Q.\" <a@x.example>, b@x.example"},
      {"Dr. Public, John, Q. <a@x.example>, b@x.example", "\"Dr. Public, John, Q.\" <a@x.example>, b@x.example"},
      {"Gr\xc3\xbc.\xc3\x9f <a@x.example>", "\"Gr\xc3\xbc.\xc3\x9f\" <a@x.example>"},
      {"Gr\xc3\xbc\xc3\x9f <a@x.example>,b@x.example", "Gr\xc3\xbc\xc3\x9f <a@x.example>, b@x.example"},
      {"A&B/C|D!E#F$G%H*I+J=K?L^M_N`O{P}Q~ <a@x.example>", ""},
      // encoded words
      {"=?utf-8?B?w4E=?= <a@x.example>", ""},
      {"=?utf-8?Q?O'Brien?= <a@x.example>", "=?utf-8?Q?O=27Brien?= <a@x.example>"},
      {"=?utf-8?Q?a,_b.?= C. D <a@x.example>", "=?utf-8?Q?a=2C_b=2E?= \"C. D\" <a@x.example>"},
      {"A. =?utf-8?q?b?= (c) <a@x.example>", "\"A.\" =?utf-8?q?b?= (c) <a@x.example>"},
      {"=?utf-8?X?a.b?= <a@x.example>", "\"=?utf-8?X?a.b?=\" <a@x.example>"},
      {"=?utf-8?Q?a.b <a@x.example>", "\"=?utf-8?Q?a.b\" <a@x.example>"},
      // comments
      {"a(c)@x.example", "a@x.example (c)"},
      {"a@x.example(c)", "a@x.example (c)"},
      {"(c)a@x.example", "a@x.example (c)"},
      {"(c) a@x.example (d)", ""},
      {"A <a(c)@x.example>", "A <a@x.example> (c)"},
      {"A <a@x.example>(c)", ""},
      {"A <a@x.example> x (c) y", ""},
      // <>
      {"<<a@x.example>>", "<a@x.example>"},
      {"A <<a@x.example>>", "A <a@x.example>"},
      {"A <a@x.example>>", "A <a@x.example>"},
      {"A <a@x.example", "A <a@x.example>"},
      {"A <a@x.example, B <b@x.example", "A <a@x.example>, B <b@x.example>"},
      {"a@x.example>", "a@x.example"},
      {"A <a@x.example> B <b@x.example>", "\"A <a@x.example> B\" <b@x.example>"},
      // addresses
      {"a @ x.example", "a@x.example"},
      {"A <a . b @ x . example>", "A <a.b@x.example>"},
      {"a@x.example.", "a@x.example"},
      {"A <\"a b\"@x.example>", ""},
      {"o'brien@x.example", ""},
      {"A <a@[192.0.2.1]>, a@[IPv6:2001:db8::1]", ""},
      {"A <@r.example,@s.example:a@x.example>", "A <a@x.example>"},
      {"bob", "bob@sm.test"},
      {"root (Cron Daemon)", "root@sm.test (Cron Daemon)"},
      {"A <\"a b\">", "A <\"a b\"@sm.test>"},
      {"a%b", "a@b"},
      {"a@localhost, b@LOCALHOST.test, c@[127.0.0.1], d@localhost.example",
       "a@sm.test, b@sm.test, c@sm.test, d@localhost.example"},
      {"b!a, A <mailto:a@x.example>", ""},
      // groups
      {"undisclosed-recipients:;", ""},
      {"Team: a@x.example,B <b@x.example>;", "Team: a@x.example, B <b@x.example>;"},
      {"Team:a@x.example;", ""},
      {"Pat's: O.K. <a@x.example>; , c@x.example", "\"Pat's\": \"O.K.\" <a@x.example>;, c@x.example"},
      {"Team: ;, b@x.example", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto written = as_sendmail_writes(row.in, "sm.test");
    CHECK(written.kind == (*row.want == '\0' ? same : otherwise));
    CHECK(on_one_line(written.text) == row.want);
    if (written.kind == otherwise) CHECK(as_sendmail_writes(written.text, "sm.test").kind == same);
  }
}

TEST_CASE("an address field that is beyond this") {
  struct Row {
    const char* in;
    const char* want;  // the item
  };
  constexpr Row rows[] = {
      {" , ,", ", ,"},
      {"a@x.example, bob builder", "bob builder"},
      {"bob builder, c@x.example", "bob builder, c@x.example"},
      {"a@x.example b@x.example, c@x.example", "a@x.example b@x.example"},
      {"A <a b@x.example>", "A <a b@x.example>"},
      {"\"open <a@x.example>,b@x.example", "\"open <a@x.example>,b@x.example"},
      {"(open a@x.example", "(open a@x.example"},
      {"\\", "\\"},
      {"\"\\", "\"\\"},
      {"a@x.example)", "a@x.example)"},
      {"Team: a@x.example", "Team: a@x.example"},
      {"A <a@x.example> \"B\"", "A <a@x.example> \"B\""},
      {"A <a@>", "A <a@>"},
      {"!a", "!a"},
      {"\xc3\x81@x.example", "\xc3\x81@x.example"},
      {"\xc3\xbc", "\xc3\xbc"},
      {"a\001@x.example", "a\001@x.example"},
      {">", ">"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto written = as_sendmail_writes(row.in, "sm.test");
    CHECK(written.kind == unknown);
    CHECK(written.text == row.want);
  }
  CHECK(as_sendmail_writes("bob", "").kind == unknown);
}

TEST_CASE("of a very long item Sendmail keeps the address") {
  const std::string name(longest_sendmail_item - 16, 'x'), address = " <a@x.example>";  // with its quotes
  CHECK(as_sendmail_writes('"' + name + '"' + address, "sm.test").kind == same);
  CHECK(as_sendmail_writes('"' + name + "x\"" + address, "sm.test").text == "<a@x.example>");
  CHECK(as_sendmail_writes("a@x.example (" + name + "xxx)", "sm.test").text == "a@x.example");
  CHECK(as_sendmail_writes('<' + name + address, "sm.test").kind == otherwise);
  CHECK(as_sendmail_writes(std::string(300, 'a') + "@x.example", "sm.test").kind == unknown);
}

TEST_CASE("a long list is folded between its items") {
  std::string in, want;
  for (int i = 0; i < 100; ++i) {
    in += (i > 0 ? "," : "") + ("r" + std::to_string(i)) + "@example.net";
    want += (i > 0 ? ", " : "") + ("r" + std::to_string(i)) + "@example.net";
  }
  const std::string written = as_sendmail_writes(in, "sm.test").text;
  std::size_t line = 0;
  for (const char c : written) {
    line = c == '\n' ? 0 : line + 1;
    REQUIRE(line < 100);
  }
  CHECK(on_one_line(written) == want);
}

TEST_CASE("a hostile address field costs no more than its length") {
  for (const char* piece :
       {"a b,", "(", "[", "<", ">", "=?a?Q?", "\\x", "a:", "a;", "a:b;", "@", "\"\"", "a!", "<<a@x>>,"}) {
    std::string text;
    while (text.size() < 1 << 16) text += piece;
    as_sendmail_writes(text, "sm.test");  // the daemon takes headers of a megabyte
  }
}

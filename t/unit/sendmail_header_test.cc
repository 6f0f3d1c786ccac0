// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "milter_door/sendmail_header.h"

using namespace mailweir;

TEST_CASE("an address field as Sendmail writes it") {
  struct Row {
    const char* in;
    const char* want;  // "": as it is
  };
  constexpr Row rows[] = {
      {"bob@example.net", ""},
      {"", ""},
      {" , ,", ""},  // nothing left of it: Sendmail's to settle
      {" a@example.net, b@example.net", ""},
      {" a@example.net,\n\tb@example.net", ""},
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
      {"<@a.example,@b.example:c@example.net>", ""},
      {"<a@example.net>,<>", "<a@example.net>, <>"},
      {"< >", "<>"},
      // beyond this
      {"friends: a@example.net,b@example.net;", ""},
      {"a@example.net;b@example.net", ""},
      {"Gr\xc3\xbc\xc3\x9f"
       "e <a@example.net>,b@example.net",
       ""},
      {"\"open <a@example.net>,b@example.net", ""},
      {"(open a@example.net,b@example.net", ""},
      {"<a@example.net,b@example.net", ""},
      {"a@example.net>,b@example.net", ""},
      {"<<a@example.net>,b@example.net", ""},
      {"a@example.net),b@example.net", ""},
      {"\\", ""},
      {"\"\\", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto written = as_sendmail_writes(row.in);
    CHECK(written.value_or("") == row.want);
    if (written) CHECK_FALSE(as_sendmail_writes(*written).has_value());
  }
}

TEST_CASE("a long list is folded between its items") {
  std::string in, unfolded_want;
  for (int i = 0; i < 100; ++i) {
    in += (i > 0 ? "," : "") + ("r" + std::to_string(i)) + "@example.net";
    unfolded_want += (i > 0 ? ", " : "") + ("r" + std::to_string(i)) + "@example.net";
  }
  std::string written = as_sendmail_writes(in).value();
  std::size_t line = 0;
  for (const char c : written) {
    line = c == '\n' ? 0 : line + 1;
    REQUIRE(line < 100);
  }
  std::string flat;
  for (const char c : written)
    if (c != '\n') flat += c == '\t' ? ' ' : c;
  CHECK(flat == unfolded_want);
}

TEST_CASE("a date") {
  struct Row {
    long long seconds;
    const char* want;
  };
  constexpr Row rows[] = {{0, "Thu, 1 Jan 1970 00:00:00 +0000"},
                          {1795331701, "Sun, 22 Nov 2026 07:15:01 +0000"},
                          {951782400, "Tue, 29 Feb 2000 00:00:00 +0000"}};
  for (const auto& row : rows) {
    CAPTURE(row.seconds);
    CHECK(mail_date(WallTime(std::chrono::seconds(row.seconds))) == row.want);
  }
}

TEST_CASE("what Sendmail would do behind us is done before") {
  HeaderList headers({true, false});
  headers.receive("To", " a@example.net,b@example.net");
  headers.receive("To", " c@example.net, d@example.net");
  headers.receive("Subject", " x,y");
  headers.receive("message-id", " <1@x>");
  settle_for_sendmail(headers, WallTime(std::chrono::seconds(0)), "Q.1", "sm.test");
  std::string all;
  for (const auto& field : headers.leaving()) all += std::string(field.name) + ':' + std::string(field.value) + '\n';
  CHECK(all ==
        "To: a@example.net, b@example.net\nTo: c@example.net, d@example.net\nSubject: x,y\nmessage-id: <1@x>\n"
        "Date: Thu, 1 Jan 1970 00:00:00 +0000\n");

  HeaderList bare({true, false});
  settle_for_sendmail(bare, WallTime(std::chrono::seconds(0)), "Q.1", "sm.test");
  REQUIRE(bare.leaving().size() == 2);
  CHECK(bare.leaving()[1].value == " <Q.1@sm.test>");
}

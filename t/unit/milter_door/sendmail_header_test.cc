// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "milter_door/sendmail_header.h"

using namespace mailweir;

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
  headers.receive("Errors-To", " bob builder,");  // not signed
  headers.receive("From", " Gr\xc3\xbc.\xc3\x9f <a@example.com>");
  headers.receive("message-id", " <1@x>");
  CHECK(settle_for_sendmail(headers, {}, WallTime(std::chrono::seconds(0)), "Q.1", "sm.test"));
  std::string all;
  for (const auto& field : headers.leaving()) all += std::string(field.name) + ':' + std::string(field.value) + '\n';
  CHECK(all ==
        "To: a@example.net, b@example.net\nTo: c@example.net, d@example.net\nSubject: x,y\n"
        "Errors-To: bob builder,\nFrom: \"Gr\xc3\xbc.\xc3\x9f\" <a@example.com>\nmessage-id: <1@x>\n"
        "Date: Thu, 1 Jan 1970 00:00:00 +0000\n");

  HeaderList bare({true, false});
  CHECK(settle_for_sendmail(bare, {}, WallTime(std::chrono::seconds(0)), "Q.1", "sm.test"));
  REQUIRE(bare.leaving().size() == 2);
  CHECK(bare.leaving()[1].value == " <Q.1@sm.test>");
}

TEST_CASE("an address whose form at Sendmail cannot be known is named") {
  HeaderList headers({true, false});
  headers.receive("Cc", " bob builder");
  const auto settled = settle_for_sendmail(headers, {}, WallTime(std::chrono::seconds(0)), "Q.1", "sm.test");
  REQUIRE_FALSE(settled);
  CHECK(settled.error().what == "Cc has an address that Sendmail would rewrite: bob builder");

  HeaderList full({true, false}, {1 << 10, 10, 0, 0});
  full.receive("Cc", " A.B <" + std::string(850, 'a') + "@x.example>, c@x.example");
  CHECK_FALSE(settle_for_sendmail(full, {}, WallTime(std::chrono::seconds(0)), "Q.1", "sm.test"));
}

// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "mail/address.h"
#include "mail/domain.h"
#include "mail/reply.h"

using namespace mailweir;

TEST_CASE("address: one spelling each") {
  struct Row {
    const char *in, *text, *local, *domain, *plain;
  };
  const Row rows[] = {
      {"<A.User+News@Example.COM>", "a.user+news@example.com", "a.user+news", "example.com", "a.user@example.com"},
      {"a@b.example", "a@b.example", "a", "b.example", "a@b.example"},
      {"<>", "", "", "", ""},
      {"postmaster", "postmaster", "postmaster", "", "postmaster"},
      {"<\"Odd One\"@example.com>", "odd one@example.com", "odd one", "example.com", "odd one@example.com"},
      {"\"a@b\"@example.com", "a@b@example.com", "a@b", "example.com", "a@b@example.com"},
      {"<@relay.example,@r2.example:u@example.com>", "u@example.com", "u", "example.com", "u@example.com"},
      {"u@b\xc3\xbc"
       "cher.example",
       "u@xn--bcher-kva.example", "u", "xn--bcher-kva.example", "u@xn--bcher-kva.example"},
      // as Postfix folds case before a lookup: long s, Kelvin sign, sharp s
      {"\xc5\xbf"
       "ales@example.com",
       "sales@example.com", "sales", "example.com", "sales@example.com"},
      {"\xe2\x84\xaaim+x@example.com", "kim+x@example.com", "kim+x", "example.com", "kim@example.com"},
      {"\xc3\x89LAN@example.com", "\xc3\xa9lan@example.com", "\xc3\xa9lan", "example.com", "\xc3\xa9lan@example.com"},
      {"Ki\xc3\x9f@example.com", "kiss@example.com", "kiss", "example.com", "kiss@example.com"},
      {"BAD\xff@example.com", "bad\xff@example.com", "bad\xff", "example.com", "bad\xff@example.com"},
      {"+x@example.com", "+x@example.com", "+x", "example.com", "+x@example.com"},
      {"u@example.com.", "u@example.com", "u", "example.com", "u@example.com"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = Address::parse(row.in);
    CHECK(got.text() == row.text);
    CHECK(got.local() == row.local);
    CHECK(got.domain() == row.domain);
    CHECK(got.plain() == row.plain);
    CHECK_FALSE(got.is_absent());
  }
  CHECK(Address().is_absent());
  CHECK_FALSE(Address().is_null());
  CHECK(Address::parse("<>").is_null());
}

TEST_CASE("domain names") {
  CHECK(to_domain("Example.COM.") == "example.com");
  CHECK(to_domain("b\xc3\xbc"
                  "cher.example") == "xn--bcher-kva.example");
  for (const auto& bad :
       {std::string("a..b"), std::string(), std::string("."), std::string(64, 'a') + ".example",
        std::string("a b.example"), std::string("a\0b.example", 11), std::string("\xff\xfe.example")}) {
    CAPTURE(bad);
    CHECK_FALSE(to_domain(bad).has_value());
  }
  struct Row {
    const char* in;
    bool want;
  };
  const Row rows[] = {{"mx.example.com", true},     {"mx", false},          {"[192.0.2.1]", true},
                      {"[IPv6:2001:db8::1]", true}, {"192.0.2.1", false},   {"[nonsense]", false},
                      {"-a.example", false},        {"a_b.example", false}, {"", false}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(is_fully_qualified(row.in) == row.want);
  }
  CHECK(is_at_or_below("a.example.com", "example.com"));
  CHECK_FALSE(is_at_or_below("badexample.com", "example.com"));
}

TEST_CASE("reply: code and class") {
  struct Row {
    const char *in, *want_line, *want_error;
  };
  const Row rows[] = {
      {"550 5.7.1 no", "550 5.7.1 no", nullptr},
      {"450 try later", "450 4.7.1 try later", nullptr},
      {"550 4.7.1 no", nullptr, "(RFC 3463); write 5.7.1"},
      {"250 ok", nullptr, "4xx or 5xx"},
      {"no", nullptr, "three digits"},
      {"550", nullptr, "has a code but no text"},
      {"550 5.7.1 ", nullptr, "has a code but no text"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto got = Reply::parse(row.in);
    CHECK(static_cast<bool>(got) == (row.want_line != nullptr));
    if (got && row.want_line) CHECK(got->line() == row.want_line);
    if (!got && row.want_error) CHECK(got.error().what.find(row.want_error) != std::string::npos);
  }
  CHECK(Reply::parse("450 4.7.1 later")->as_class('5').line() == "550 5.7.1 later");
  CHECK(Reply{"550", "5.7.1", "bad\r\nX: y"}.line() == "550 5.7.1 bad? X: y");
  CHECK(Reply{"550", "5.7.1", "one\ntwo"}.lines().size() == 2);
}

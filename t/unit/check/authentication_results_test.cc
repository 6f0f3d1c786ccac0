// SPDX-License-Identifier: BSD-2-Clause
// The Authentication-Results field (RFC 8601): what we write, and which fields claim to be ours.
#include <doctest/doctest.h>

#include "check/authentication_results.h"

using namespace mailweir;

TEST_CASE("authentication-results: the value") {
  CHECK(authentication_results("mx.example.org", {}) == "mx.example.org; none");
  const std::vector<MethodResult> results{
      {"iprev", AuthWord::pass, "", {{"policy.iprev", "192.0.2.7"}}},
      {"spf", AuthWord::softfail, "not; \"allowed\"", {{"smtp.mailfrom", "alice@example.com"}}},
      {"dkim", AuthWord::pass, "", {{"header.d", "example.com"}, {"header.s", ""}, {"header.b", "Ab+/c=12"}}},
      {"dmarc", AuthWord::none, "", {}},
  };
  CHECK(authentication_results("mx.example.org", results) ==
        "mx.example.org;\n\tiprev=pass policy.iprev=192.0.2.7;\n\tspf=softfail reason=\"not, \\\"allowed\\\"\" "
        "smtp.mailfrom=alice@example.com;\n"
        "\tdkim=pass header.d=example.com header.b=\"Ab+/c=12\";\n\tdmarc=none");
}

TEST_CASE("authentication-results: nothing from the network breaks out of its place") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"example.com", "example.com"},
      {"2001:db8::1", "\"2001:db8::1\""},
      {"a b", "\"a b\""},
      {"x; dkim=pass", "\"x; dkim=pass\""},
      {"x\r\nBcc: y", "\"x??Bcc: y\""},
      {"a\"b\\c", "\"a\\\"b\\\\c\""},
      {"(comment)", "\"(comment)\""},
      {"\"odd one\"@example.com", "\"\\\"odd one\\\"@example.com\""},
      {"@example.com", "@example.com"},
      {"a@b@c", "\"a@b@c\""},
      {"a@", "\"a@\""},
      {std::string("a\0b", 3), "a?b"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto value = authentication_results("id", {{"spf", AuthWord::fail, "", {{"smtp.mailfrom", row.in}}}});
    const auto got = value.substr(value.find("mailfrom=") + 9);
    if (row.in.find('\0') == std::string::npos) CHECK(got == row.want);
    else CHECK(got == "\"a?b\"");
  }
  const auto long_reason = authentication_results("id", {{"spf", AuthWord::fail, std::string(5000, '"'), {}}});
  CHECK(long_reason.size() < 500);
}

TEST_CASE("authentication-results: fields that claim to be ours (RFC 8601 5)") {
  struct Row {
    std::string value;
    bool want;
  };
  const Row rows[] = {
      {"mx.example.org; dkim=pass", true},
      {" mx.example.org;dkim=pass", true},
      {"mx.example.org", true},
      {"MX.Example.ORG; none", true},
      {"mx.example.org 1; dkim=pass", true},
      {"mx.example.org\n\t1 ; dkim=pass", true},
      {"(a comment) mx.example.org (another) 1; none", true},
      {"(nested (twice) \\) still) mx.example.org; none", true},
      {"mx.example.org(comment); none", true},
      {"mx.example.(split)org; none", true},
      {"mx.exam\n ple.org; none", false},
      {"\"mx.example.org\"; none", true},
      {"\"mx.exa\\mple.org\" 1; none", true},
      {"\n\tmx.example.org; none", true},
      {"mx.example.org.; none", true},
      {"mx.example.org/1; none", true},
      {"mx.example.org=1", true},
      {"other.example.org; none", false},
      {"mx.example.org.evil.example; none", false},
      {"notmx.example.org; none", false},
      {"", false},
      {"(mx.example.org; none", false},
      {"; mx.example.org", false},
      {"\"", false},
      {"\\", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    CHECK(claims_authserv_id(row.value, "mx.example.org") == row.want);
  }
  CHECK(
      claims_authserv_id("b\xc3\xbc"
                         "cher.example; none",
                         "xn--bcher-kva.example"));
  CHECK(claims_authserv_id("xn--bcher-kva.example; none",
                           "b\xc3\xbc"
                           "cher.example"));
  CHECK(claims_authserv_id("gate_1; none", "gate_1"));
  CHECK_FALSE(claims_authserv_id(std::string(100'000, '('), "mx.example.org"));
}

TEST_CASE("authentication-results: what may be an authserv-id") {
  for (const char* good : {"mx.example.org", "gate", "gate_1"}) CHECK(is_authserv_id(good));
  for (const char* bad : {"", "mx example", "mx;x", "\"mx\"", "mx/1", "a@b",
                          "b\xc3\xbc"
                          "cher.example"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_authserv_id(bad));
  }
}

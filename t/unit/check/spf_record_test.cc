// SPDX-License-Identifier: BSD-2-Clause
// The grammar of SPF records (RFC 7208 12) and of macro strings (7): what parses, and where what does not is wrong.
#include <doctest/doctest.h>

#include <string>

#include "check/spf_record.h"

namespace mailweir {
namespace {

using namespace std::string_literals;

TEST_CASE("which TXT records are SPF records") {
  struct Row {
    std::string_view text;
    bool want;
  };
  const Row rows[] = {{"v=spf1", true},          {"v=spf1 -all", true},   {"V=sPf1 mx", true},
                      {"v=spf10 -all", false},   {"v=spf1\t-all", false}, {"", false},
                      {"v=spf", false},          {" v=spf1 -all", false}, {"v=spf1-all", false},
                      {"spf2.0/pra -all", false}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(spf::is_spf_record(row.text) == row.want);
  }
}

TEST_CASE("good records: how many directives, redirect=, exp=") {
  struct Row {
    std::string_view terms;
    std::size_t directives = 0;
    bool redirect = false, exp = false;
  };
  const Row rows[] = {
      {"", 0},
      {"   ", 0},
      {"-all", 1},
      {"all  -all ", 2},
      {"+A -mX ~Ptr ?ALL", 4},
      {"a:example.com a/24 a//64 a/24//64 a:example.com/0//0 a:example.com.", 6},
      {"mx:%{d} mx/32 mx:%{ir}.%{v}._spf.%{d2}", 3},
      {"ip4:192.0.2.1 ip4:0.0.0.0/0 ip4:255.255.255.255/32", 3},
      {"ip6:2001:db8::1 ip6:::/0 ip6:::ffff:192.0.2.1 ip6:2001:DB8::/32", 4},
      {"include:_spf.example.com exists:%{l1r+-._=}.%{o}.test-x.org ptr:example.com", 3},
      {"redirect=example.com", 0, true, false},
      {"REDIRECT=%{d}.example.org EXP=e.example.com", 0, true, true},
      {"a:foo:bar/baz.example.com", 1},
      {"a:%%%_%-.example.com", 1},
      {"a:x%{d/}", 1},
      {"exists:%{S300R}.example.com", 1},
      {"moo.cow-far_out=man:dog/cat x=%{d} y= z=%%", 0},
      {"a:xn--bcher-kva.example a:a.b-1", 2},
  };
  for (const auto& row : rows) {
    const std::string text = "v=spf1 " + std::string(row.terms);
    CAPTURE(text);
    const auto parsed = spf::parse_record(text);
    const auto* fault = std::get_if<spf::Fault>(&parsed);
    CHECK_MESSAGE(fault == nullptr, (fault ? fault->what : ""s));
    if (fault != nullptr) continue;
    const auto& record = std::get<spf::Record>(parsed);
    CHECK(record.directives.size() == row.directives);
    CHECK(record.redirect.has_value() == row.redirect);
    CHECK(record.explanation.has_value() == row.exp);
  }
}

TEST_CASE("bad records: the octet that is wrong, and why") {
  struct Row {
    std::string terms;
    std::size_t at;  // from 0, into the record
    std::string_view want;
  };
  const Row rows[] = {
      {"moo", 7, "unknown mechanism"},
      {"-all moo -all", 12, "unknown mechanism"},
      {"--all", 7, "unknown mechanism"},
      {"redirect:example.com", 7, "unknown mechanism"},
      {"-redirect=example.com", 7, "a modifier's name begins with a letter"},
      {"1up=foo", 7, "a modifier's name begins with a letter"},
      {"=all", 7, "a modifier's name begins with a letter"},
      {"all:x", 10, "\"all\" takes no value"},
      {"all/8", 10, "\"all\" takes no value"},
      {"all.", 7, "unknown mechanism"},
      {"include", 14, "a colon and a value are missing"},
      {"include/24", 14, "a colon and a value are missing"},
      {"ip4", 10, "a colon and a value are missing"},
      {"exists:", 14, "a domain name is missing"},
      {"a:", 9, "a domain name is missing"},
      {"ptr:", 11, "a domain name is missing"},
      {"ptr/24", 10, "is not a prefix length of this mechanism"},
      {"redirect=", 16, "a domain name is missing"},
      {"a/33", 9, "a prefix length is a number from 0 to 32"},
      {"a//129", 10, "a prefix length is a number from 0 to 128"},
      {"a/024", 9, "a prefix length is a number from 0 to 32"},
      {"a/24/24", 8, "is not a prefix length of this mechanism"},
      {"a/", 9, "a prefix length is a number from 0 to 32"},
      {"a/99999999999999999999999", 9, "a prefix length is a number from 0 to 32"},
      {"ip4:192.0.2", 11, "is not an IPv4 network"},
      {"ip4:192.0.2.1:25", 11, "is not an IPv4 network"},
      {"ip4:192.0.2.256", 11, "is not an IPv4 network"},
      {"ip4:2001:db8::1", 11, "is not an IPv4 network"},
      {"ip4:192.0.2.1//32", 11, "is not an IPv4 network"},
      {"ip6:192.0.2.1", 11, "is not an IPv6 network"},
      {"ip6:IPv6:2001:db8::1", 11, "is not an IPv6 network"},
      {"ip6:2001:db8::/129", 22, "a prefix length is a number from 0 to 128"},
      {"ip6:", 11, "is not an IPv6 network"},
      {"a:foo-bar", 9, "a domain name ends in a macro, or in a dot and a label of letters, digits and hyphens"},
      {"a:192.0.2.1", 9, "a domain name ends in a macro, or in a dot and a label of letters, digits and hyphens"},
      {"a:example.-com", 9, "a domain name ends in a macro, or in a dot and a label of letters, digits and hyphens"},
      {"a:%{d}com", 9, "a domain name ends in a macro, or in a dot and a label of letters, digits and hyphens"},
      {"a:example.com%_", 9, "a domain name ends in a macro, or in a dot and a label of letters, digits and hyphens"},
      {"a:%{c}", 11, "this macro is allowed only in explanations"},
      {"a:%{x}", 11, "unknown macro"},
      {"a:%{d0}", 12, "a macro keeps at least one part"},
      {"a:%{d2", 10, "a macro's closing brace is missing"},
      {"a:%{}", 11, "unknown macro"},
      {"a:%{d!}", 12, "is not a delimiter of a macro"},
      {"a:%{drr}", 13, "is not a delimiter of a macro"},
      {"a:%", 9, "% must be followed by {, %, _ or -"},
      {"a:%(d).example.com", 9, "% must be followed by {, %, _ or -"},
      {"x=%a", 9, "% must be followed by {, %, _ or -"},
      {"redirect=a.test redirect=b.test", 23, "occurs twice in the record"},
      {"exp=a.test Exp=b.test", 18, "occurs twice in the record"},
      {"a:b.test\0"s, 15, "an octet that is not printable ASCII"},
      {"a\x80", 8, "an octet that is not printable ASCII"},
      {"a\tmx", 8, "an octet that is not printable ASCII"},
      {"a:b.test\r\n-all", 15, "an octet that is not printable ASCII"},
  };
  for (const auto& row : rows) {
    const std::string text = "v=spf1 " + row.terms;
    CAPTURE(text);
    const auto parsed = spf::parse_record(text);
    const auto* fault = std::get_if<spf::Fault>(&parsed);
    REQUIRE(fault != nullptr);
    CHECK(fault->what == row.want);
    CHECK(fault->at == row.at);
  }
}

TEST_CASE("macros expand as RFC 7208 7.4 shows, and names are cut and folded") {
  struct Row {
    std::string_view text, want;
  };
  SpfRequest request;
  request.client = *IpAddress::parse("192.0.2.3");
  request.local = "strong-bad";
  request.domain = "email.example.com";
  request.helo = "Mail.Example.ORG";
  request.now = WallTime(std::chrono::seconds(1'700'000'000));
  const spf::MacroValues values{request, "email.example.com", "mx.example.org"};
  const Row rows[] = {
      {"%{s}", "strong-bad@email.example.com"},
      {"%{o}", "email.example.com"},
      {"%{d}", "email.example.com"},
      {"%{d4}", "email.example.com"},
      {"%{d2}", "example.com"},
      {"%{d1}", "com"},
      {"%{dr}", "com.example.email"},
      {"%{d2r}", "example.email"},
      {"%{l}", "strong-bad"},
      {"%{l-}", "strong.bad"},
      {"%{lr}", "strong-bad"},
      {"%{lr-}", "bad.strong"},
      {"%{l1r-}", "strong"},
      {"%{l1-}", "bad"},
      {"%{l2-}", "strong.bad"},
      {"%{l9-}", "strong.bad"},
      {"%{l9r-}", "bad.strong"},
      {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
      {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
      {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
      {"%{S}", "strong-bad%40email.example.com"},
      {"%{h} %{p} %{c} %{t} %{r}", "Mail.Example.ORG mx.example.org 192.0.2.3 1700000000 unknown"},
      {"a%%b%_c%-d", "a%b c%20d"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(spf::expand(spf::parse_macros(row.text, true, 0), values) == row.want);
  }
  CHECK(spf::expand_name(spf::parse_domain_spec("%{h}.Example.COM.", 0), values) == "mail.example.org.example.com");
  const auto many =
      spf::parse_domain_spec("%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.test", 0);
  const auto cut = spf::expand_name(many, values);
  CHECK(cut.size() <= 253);
  CHECK(cut.ends_with(".email.example.com.test"));
  CHECK(cut.starts_with("example.com."));

  request.client = *IpAddress::parse("2001:db8::cb01");
  CHECK(spf::expand(spf::parse_macros("%{ir}.%{v}", true, 0), values) ==
        "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6");
  CHECK(spf::expand(spf::parse_macros("%{c}", true, 0), values) == "2001:db8::cb01");
}

TEST_CASE("parts of a long local part, asked for thousands of times, cost what is kept of them") {
  SpfRequest request;
  for (int i = 0; i < 30'000; ++i) request.local += "a.";
  request.local += 'b';
  const spf::MacroValues values{request, "example.com", ""};
  std::string last, first;
  for (int i = 0; i < 4'000; ++i) {
    last += "%{l1}";
    first += "%{l1r}";
  }
  CHECK(spf::expand(spf::parse_macros(last, true, 0), values) == std::string(4'000, 'b'));
  CHECK(spf::expand(spf::parse_macros(first, true, 0), values) == std::string(4'000, 'a'));
}

TEST_CASE("a record as long as TXT can be, of whatever terms, is parsed or refused in bounded time") {
  const std::string_view units[] = {
      "a ", "ip4:192.0.2.1 ", "%{d}", "a:%{d}", "a:%{d1r.-+,/_=}x.test ", "x=%{d}%{d}%{d} ", "-", "/",
      "a/", "a:%{",           "mx:.", " "};
  for (const auto unit : units) {
    CAPTURE(unit);
    std::string text = "v=spf1 ";
    while (text.size() + unit.size() < 65'000) text += unit;
    const auto parsed = spf::parse_record(text);
    if (const auto* fault = std::get_if<spf::Fault>(&parsed)) CHECK(fault->at <= text.size());
    else CHECK(std::get<spf::Record>(parsed).directives.size() < 40'000);
  }
}

}  // namespace
}  // namespace mailweir

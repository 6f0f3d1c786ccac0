// SPDX-License-Identifier: BSD-2-Clause
#include <cstdio>
#include <fstream>

#include "../fixture/dns_fixture.h"
#include "../fixture/dns_packet.h"
#include "base/handle.h"

using namespace mailweir;
using namespace mailweir::test;
using dns::Type;

namespace {

constexpr const char* example = R"(
; who we are
example.com.      3600 IN MX 10 mx.Example.COM   ; the last dot may be left out
                  IN 60 MX 20 mx2.example.com.
                  TXT "v=spf1 mx " "-all"
  mx.example.com  A 192.0.2.1
                  AAAA 2001:db8::1
192.0.2.1         PTR mx.example.com
2001:db8::1       PTR mx.example.com
null.example      MX 0 .
*.wild.example    A 192.0.2.9
deep.in.wild.example TXT here
alias.example     CNAME alias2.example
alias2.example    300 CNAME mx.example.com
loop1.example     CNAME loop2.example
loop2.example     CNAME loop1.example
dangling.example  CNAME nowhere.example
broken.example    SERVFAIL
half.example      TIMEOUT MX TXT
half.example      A 192.0.2.7
192.0.2.3         SERVFAIL
b)"
                                "\xc3\xbc"
                                R"(cher.example A 192.0.2.8
odd.example       TXT "semi;colon \"quoted\" \009tab" plain
$TTL 5m
$ORIGIN Example.NET.
@                 MX 5 mail
mail              A 192.0.2.20
abs.example.      A 192.0.2.21
)";

}  // namespace

TEST_CASE("zone: answers") {
  struct Row {
    const char* name;
    Type type;
    const char* want;
    int ttl;
  };
  const Row rows[] = {
      {"example.com", Type::MX, "ok 10:mx.example.com 20:mx2.example.com", 60},
      {"example.com", Type::TXT, "ok v=spf1 mx -all", 300},
      {"example.com", Type::A, "nodata", 60},
      {"com", Type::A, "nodata", 60},  // an empty non-terminal
      {"mx.example.com", Type::A, "ok 192.0.2.1", 300},
      {"mx.example.com", Type::AAAA, "ok 2001:db8::1", 300},
      {"mx2.example.com", Type::A, "nxdomain", 60},
      {"1.2.0.192.in-addr.arpa", Type::PTR, "ok mx.example.com", 300},
      {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", Type::PTR, "ok mx.example.com", 300},
      {"null.example", Type::MX, "ok 0:.", 300},
      {"any.wild.example", Type::A, "ok 192.0.2.9", 300},
      {"any.more.wild.example", Type::A, "ok 192.0.2.9", 300},
      {"any.wild.example", Type::MX, "nodata", 60},
      {"deep.in.wild.example", Type::A, "nodata", 60},
      {"x.in.wild.example", Type::A, "nxdomain", 60},  // in.wild.example is the closest encloser (RFC 4592 3.3.1)
      {"alias.example", Type::A, "ok 192.0.2.1", 300},
      {"alias.example", Type::CNAME, "ok alias2.example", 300},
      {"alias.example", Type::MX, "nodata", 60},
      {"loop1.example", Type::A, "temperror CNAME loop, or more than 16 in a row", 0},
      {"dangling.example", Type::A, "nxdomain", 60},
      {"broken.example", Type::A, "temperror SERVFAIL", 0},
      {"half.example", Type::MX, "temperror timeout", 0},
      {"half.example", Type::A, "ok 192.0.2.7", 300},
      {"half.example", Type::AAAA, "nodata", 60},
      {"3.2.0.192.in-addr.arpa", Type::PTR, "temperror SERVFAIL", 0},
      {"xn--bcher-kva.example", Type::A, "ok 192.0.2.8", 300},
      {"odd.example", Type::TXT, "ok semi;colon \"quoted\" \ttabplain", 300},
      {"example.net", Type::MX, "ok 5:mail.example.net", 300},
      {"mail.example.net", Type::A, "ok 192.0.2.20", 300},
      {"abs.example", Type::A, "ok 192.0.2.21", 300},
      {"nowhere.test", Type::A, "nxdomain", 60},
      {"a..b", Type::A, "nxdomain", 0},
      {"a\\000b.example", Type::A, "nxdomain", 0},
  };
  const auto resolver = zone(example);
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CAPTURE(to_string(row.type));
    const auto answer =
        resolver->ask({row.name, row.type}, Deadline(), [](dns::AnswerPtr) { FAIL("must be at hand"); });
    REQUIRE(answer);
    CHECK(shown(*answer) == row.want);
    CHECK(answer->ttl.count() == row.ttl);
  }
}

TEST_CASE("zone: mistakes are told with line and column") {
  struct Row {
    const char *in, *want;
  };
  const Row rows[] = {
      {"a.example", "z:1:1: the type is missing"},
      {"a.example A", "z:1:12: the value is missing"},
      {"a.example A 192.0.2", "z:1:13: \"192.0.2\" is not an IPv4 address"},
      {"a.example A 2001:db8::1", "z:1:13: \"2001:db8::1\" is not an IPv4 address"},
      {"a.example AAAA 192.0.2.1", "z:1:16: \"192.0.2.1\" is not an IPv6 address"},
      {"a.example A 192.0.2.1 x", "z:1:23: \"x\" is one word too many"},
      {"a.example MX mx.example", "z:1:14: \"mx.example\" is not a preference (0 to 65535); write MX 10 HOST"},
      {"a.example MX 65536 mx.example", "z:1:14: \"65536\" is not a preference (0 to 65535); write MX 10 HOST"},
      {"a.example MX 10", "z:1:16: the host is missing"},
      {"a.example CNAME a..b", "z:1:17: \"a..b\" is not a valid domain name"},
      {"a\\.b.example A 192.0.2.1", "z:1:1: \"a\\.b.example\" is not a valid domain name"},
      {"a.example SOA x", "z:1:11: \"SOA\" is not one of A AAAA MX TXT PTR CNAME SERVFAIL TIMEOUT"},
      {"a.example SERVFAIL SOA", "z:1:20: \"SOA\" is not one of A AAAA MX TXT PTR CNAME"},
      {"a.example TXT \"open", "z:1:15: the closing quote is missing"},
      {"a.example TXT \"\\300\"", "z:1:16: a byte is at most \\255"},
      {"a.example TXT \"\\1\"", "z:1:16: a byte is written \\DDD, three digits"},
      {"192.0.2.1 A 192.0.2.1", "z:1:1: an address can only have a PTR record"},
      {"  A 192.0.2.1", "z:1:3: the name is missing"},
      {"$INCLUDE x", "z:1:1: \"$INCLUDE\" is unknown; only $ORIGIN and $TTL are supported"},
      {"$TTL soon", "z:1:6: \"soon\" is not a TTL"},
      {"a.example A 192.0.2.1\na.example CNAME b.example",
       "z:2:11: a name with a CNAME has no other record (RFC 1034 3.6.2)"},
      {"a.example CNAME b.example\r\na.example A 192.0.2.1",
       "z:2:11: a name with a CNAME has no other record (RFC 1034 3.6.2)"},
      {"a A x\nb A 192.0.2.1\nc B",
       "z:1:5: \"x\" is not an IPv4 address\n"
       "z:3:3: \"B\" is not one of A AAAA MX TXT PTR CNAME SERVFAIL TIMEOUT"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto made = make_zone_resolver(row.in, "z");
    REQUIRE_FALSE(made);
    CHECK(made.error().what == row.want);
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "x\n";
  const auto made = make_zone_resolver(many);
  REQUIRE_FALSE(made);
  CHECK(made.error().what.ends_with("zone:20:1: the type is missing\nzone: more errors, not shown"));
}

TEST_CASE("zone: from a file") {
  const auto missing = load_zone_resolver("/nonexistent/zone");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().what == "/nonexistent/zone: the directory /nonexistent does not exist");
  const auto folder = load_zone_resolver("/");
  REQUIRE_FALSE(folder);
  CHECK(folder.error().what == "/: is a directory, not a file");

  char path[] = "/tmp/mailweir-zone-XXXXXX";
  const Fd fd(mkstemp(path));
  REQUIRE(fd);
  std::ofstream(path) << example;
  const auto made = load_zone_resolver(path);
  std::remove(path);
  REQUIRE(made);
  const auto answer = (*made)->ask({"mx.example.com", Type::A}, Deadline(), {});
  REQUIRE(answer);
  CHECK(shown(*answer) == "ok 192.0.2.1");
}

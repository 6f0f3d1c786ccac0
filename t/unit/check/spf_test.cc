// SPDX-License-Identifier: BSD-2-Clause
// check_host() of RFC 7208 on a zone, a case a line; the public test suite is in t/t-17-spf.
#include <string>

#include "../fixture/dns_fixture.h"
#include "check/spf.h"
#include "check/spf_request.h"

using namespace mailweir;
using namespace mailweir::test;

namespace {

constexpr const char* spf_zone =
    R"(
ip.test        TXT  "v=spf1 ip4:192.0.2.0/25 ip6:2001:db8::/32 ~all"
a.test         TXT  "v=spf1 a -all"
               A    192.0.2.1
               AAAA 2001:db8::1
wide.test      TXT  "v=spf1 a:a.test/24//64 -all"
mx.test        TXT  "v=spf1 mx -all"
               MX   10 a.test
               MX   20 gone.test
mxtrouble.test TXT  "v=spf1 mx -all"
               MX   10 broken.test
               MX   20 a.test
nullmx.test    TXT  "v=spf1 mx ?all"
               MX   0 .
ptr.test       TXT  "v=spf1 ptr -all"
host.ptr.test  A    192.0.2.7
192.0.2.7      PTR  liar.test
               PTR  host.ptr.test
liar.test      A    192.0.2.99
192.0.2.8      SERVFAIL
exists.test    TXT  "v=spf1 exists:%{ir}.list.test -all"
7.2.0.192.list.test A 127.0.0.2
inc.test       TXT  "v=spf1 include:ip.test -all"
incnone.test   TXT  "v=spf1 include:plain.test -all"
incbad.test    TXT  "v=spf1 include:syntax.test -all"
incbroken.test TXT  "v=spf1 include:broken.test -all"
redir.test     TXT  "v=spf1 redirect=ip.test"
rednone.test   TXT  "v=spf1 redirect=plain.test"
plain.test     TXT  "google-site-verification=1"
two.test       TXT  "v=spf1 -all"
               TXT  "v=spf1 +all"
syntax.test    TXT  "v=spf1 ip4:192.0.2.1 ipv4:192.0.2.2 -all"
broken.test    SERVFAIL
silent.test    TIMEOUT
empty.test     TXT  "v=spf1"
aka.test       CNAME ip.test
loopname.test  CNAME loopname.test
void2.test     TXT  "v=spf1 a:gone1.test mx:gone2.test ?all"
void3.test     TXT  "v=spf1 a:gone1.test mx:gone2.test exists:gone3.test ?all"
voidmx.test    TXT  "v=spf1 a:gone1.test a:gone2.test mx:mx6.test ?all"
mx6.test       MX   10 six.test
six.test       AAAA 2001:db8::6
badname.test   TXT  "v=spf1 a:a..test a:%{h}.test )"
    R"(a:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.test ?all"
loop.test      TXT  "v=spf1 include:loop.test -all"
pool.test      TXT  "v=spf1 redirect=pool.test"
ten.test       TXT  "v=spf1 )"  // as many terms as look up as there may be (RFC 7208 4.6.4), and one more
    R"(a:six.test a:six.test a:six.test a:six.test a:six.test a:six.test a:six.test a:six.test a:six.test a:a.test -all"
eleven.test    TXT  "v=spf1 a:six.test a:six.test a:six.test )"
    R"(a:six.test a:six.test a:six.test a:six.test a:six.test a:six.test a:six.test a:a.test -all"
all.test       TXT  "v=spf1 ~all a:a.test redirect=ip.test"
deep.test      TXT  "v=spf1 include:inc.test -all"
pmacro.test    TXT  "v=spf1 exists:%{p}.ok.test -all"
host.ptr.test.ok.test A 127.0.0.2
unknown.ok.test A   127.0.0.2
exp.test       TXT  "v=spf1 -all exp=why.test"
why.test       TXT  "%{i} is not one of %{d}\226s hosts"
exp2.test      TXT  "v=spf1 -all exp=why2.test"
why2.test      TXT  "%{i} is not one of %{d}'s hosts; see https://%{d}/?%{S}"
exp3.test      TXT  "v=spf1 -all exp=broken.test"
exp4.test      TXT  "v=spf1 -all exp=cr.test"
cr.test        TXT  "one\013\010220 two"
)";

struct Row {
  std::string domain, client;
  AuthWord want = AuthWord::none;
  std::string reason;
};

constexpr auto none = AuthWord::none;
constexpr auto pass = AuthWord::pass;
constexpr auto fail = AuthWord::fail;
constexpr auto softfail = AuthWord::softfail;
constexpr auto neutral = AuthWord::neutral;
constexpr auto temperror = AuthWord::temperror;
constexpr auto permerror = AuthWord::permerror;

const Row rows[] = {
    {"ip.test", "192.0.2.127", pass, "ip.test: ip4:192.0.2.0/25 matches 192.0.2.127"},
    {"ip.test", "192.0.2.128", softfail, "ip.test: ~all matches 192.0.2.128"},
    {"ip.test", "2001:db8:1::1", pass, "ip.test: ip6:2001:db8::/32 matches 2001:db8:1::1"},
    {"ip.test", "::ffff:192.0.2.1", pass, "ip.test: ip4:192.0.2.0/25 matches 192.0.2.1"},
    {"a.test", "192.0.2.1", pass, "a.test: a matches 192.0.2.1"},
    {"a.test", "2001:db8::1", pass, "a.test: a matches 2001:db8::1"},
    {"a.test", "192.0.2.2", fail, "a.test: -all matches 192.0.2.2"},
    {"wide.test", "192.0.2.200", pass, "wide.test: a:a.test/24//64 matches 192.0.2.200"},
    {"wide.test", "2001:db8::ffff", pass, "wide.test: a:a.test/24//64 matches 2001:db8::ffff"},
    {"mx.test", "192.0.2.1", pass, "mx.test: mx matches 192.0.2.1"},
    {"mx.test", "192.0.2.2", fail, "mx.test: -all matches 192.0.2.2"},
    {"mxtrouble.test", "192.0.2.1", pass, "mxtrouble.test: mx matches 192.0.2.1"},
    {"mxtrouble.test", "192.0.2.2", temperror, "mxtrouble.test: broken.test A: SERVFAIL"},
    {"nullmx.test", "192.0.2.1", neutral, "nullmx.test: ?all matches 192.0.2.1"},
    {"ptr.test", "192.0.2.7", pass, "ptr.test: ptr matches 192.0.2.7"},
    {"ptr.test", "192.0.2.8", fail, "ptr.test: -all matches 192.0.2.8"},
    {"liar.test", "192.0.2.7", none, "liar.test has no SPF record"},
    {"exists.test", "192.0.2.7", pass, "exists.test: exists:%{ir}.list.test matches 192.0.2.7"},
    {"exists.test", "192.0.2.9", fail, "exists.test: -all matches 192.0.2.9"},
    {"inc.test", "192.0.2.1", pass, "inc.test: include:ip.test: ip4:192.0.2.0/25 matches 192.0.2.1"},
    {"inc.test", "198.51.100.1", fail, "inc.test: -all matches 198.51.100.1"},
    {"incnone.test", "192.0.2.1", permerror, "incnone.test: include:plain.test: plain.test has no SPF record"},
    {"incbad.test", "192.0.2.1", permerror,
     "incbad.test: the SPF record of syntax.test, column 22, \"ipv4:192.0.2.2\": unknown mechanism"},
    {"incbroken.test", "192.0.2.1", temperror, "incbroken.test: broken.test TXT: SERVFAIL"},
    {"redir.test", "192.0.2.1", pass, "redir.test: redirect=ip.test: ip4:192.0.2.0/25 matches 192.0.2.1"},
    {"rednone.test", "192.0.2.1", permerror, "rednone.test: redirect=plain.test: plain.test has no SPF record"},
    {"plain.test", "192.0.2.1", none, "plain.test has no SPF record"},
    {"gone.test", "192.0.2.1", none, "gone.test does not exist"},
    {"two.test", "192.0.2.1", permerror, "two.test has more than one SPF record (RFC 7208 4.5)"},
    {"syntax.test", "192.0.2.1", permerror,
     "the SPF record of syntax.test, column 22, \"ipv4:192.0.2.2\": unknown mechanism"},
    {"broken.test", "192.0.2.1", temperror, "broken.test TXT: SERVFAIL"},
    {"silent.test", "192.0.2.1", temperror, "silent.test TXT: timeout"},
    {"empty.test", "192.0.2.1", neutral, "empty.test: no mechanism matches 192.0.2.1"},
    {"aka.test", "192.0.2.1", pass, "aka.test: ip4:192.0.2.0/25 matches 192.0.2.1"},
    {"loopname.test", "192.0.2.1", temperror, "loopname.test TXT: CNAME loop, or more than 16 in a row"},
    {"void2.test", "192.0.2.1", neutral, "void2.test: ?all matches 192.0.2.1"},
    {"void3.test", "192.0.2.1", permerror,
     "void3.test: more than 2 lookups without an answer, the last for gone3.test A (RFC 7208 4.6.4)"},
    {"voidmx.test", "192.0.2.1", neutral, "voidmx.test: ?all matches 192.0.2.1"},
    {"badname.test", "192.0.2.1", neutral, "badname.test: ?all matches 192.0.2.1"},
    {"loop.test", "192.0.2.1", permerror, "loop.test: more than 10 terms that ask the DNS (RFC 7208 4.6.4)"},
    {"pool.test", "192.0.2.1", permerror, "pool.test: more than 10 terms that ask the DNS (RFC 7208 4.6.4)"},
    {"ten.test", "2001:db8::1", pass, "ten.test: a:a.test matches 2001:db8::1"},
    {"eleven.test", "2001:db8::1", permerror, "eleven.test: more than 10 terms that ask the DNS (RFC 7208 4.6.4)"},
    {"all.test", "192.0.2.1", softfail, "all.test: ~all matches 192.0.2.1"},
    {"deep.test", "192.0.2.1", pass,
     "deep.test: include:inc.test: include:ip.test: ip4:192.0.2.0/25 matches 192.0.2.1"},
    {"pmacro.test", "192.0.2.7", pass, "pmacro.test: exists:%{p}.ok.test matches 192.0.2.7"},
    {"pmacro.test", "192.0.2.8", pass, "pmacro.test: exists:%{p}.ok.test matches 192.0.2.8"},
    {"test", "192.0.2.1", none, "test is not a domain that can have an SPF record"},
    {"[192.0.2.1]", "192.0.2.1", none, "[192.0.2.1] is not a domain that can have an SPF record"},
    {"a..test", "192.0.2.1", none, "a..test is not a domain that can have an SPF record"},
    {"", "192.0.2.1", none, ". is not a domain that can have an SPF record"},
    {std::string("a\0b.test", 8), "192.0.2.1", none, "a?b.test is not a domain that can have an SPF record"},
    {std::string(250, 'a') + ".test", "192.0.2.1", none,
     std::string(250, 'a') + ".test is not a domain that can have an SPF record"},
};

SpfRequest request_of(const std::string& domain, const std::string& client) {
  SpfRequest request;
  request.client = *IpAddress::parse(client);
  request.local = "user";
  request.domain = domain;
  request.helo = "two words";
  request.explain = true;
  return request;
}

TEST_CASE("check_host, a case a line") {
  const auto resolver = zone(spf_zone);
  for (const auto& row : rows) {
    CAPTURE(row.domain);
    CAPTURE(row.client);
    const auto result = spf::check(*lookups_in(*resolver), request_of(row.domain, row.client));
    CHECK(to_string(result.word) == to_string(row.want));
    CHECK(result.reason == row.reason);
    CHECK(result.terms <= spf::most_terms + 1);
  }
}

TEST_CASE("what the sender's domain says of a fail; without it nothing is said") {
  const auto resolver = zone(spf_zone);
  struct Words {
    std::string domain, want;
  };
  const Words cases[] = {
      {"exp.test", ""},  // not ASCII
      {"exp2.test", "192.0.2.1 is not one of exp2.test's hosts; see https://exp2.test/?user%40exp2.test"},
      {"exp3.test", ""},  // trouble
      {"exp4.test", ""},  // control characters
      {"a.test", "-"},    // it passes
  };
  for (const auto& row : cases) {
    CAPTURE(row.domain);
    const auto result = spf::check(*lookups_in(*resolver), request_of(row.domain, "192.0.2.1"));
    if (row.want == "-") CHECK(result.word == AuthWord::pass);
    else CHECK(result.word == AuthWord::fail);
    CHECK(result.explanation == (row.want == "-" ? "" : row.want));
  }
  auto quiet = request_of("exp2.test", "192.0.2.1");
  quiet.explain = false;
  const auto lookups = lookups_in(*resolver);
  CHECK(spf::check(*lookups, quiet).explanation.empty());
  CHECK(lookups->trace().size() == 1);
}

TEST_CASE("which identity is asked for") {
  struct Identity {
    std::string sender, helo, domain, local;
  };
  const Identity cases[] = {
      {"<User@Example.COM>", "mx.test", "example.com", "User"},
      {"<>", "MX.test", "mx.test", ""},
      {"", "mx.test", "mx.test", ""},
      {"<postmaster>", "mx.test", "mx.test", ""},
      {"<\"odd \\\" one\"@example.com>", "mx.test", "example.com", "odd \" one"},
      {"<@relay.test:user@example.com>", "mx.test", "example.com", "user"},
      {"<@example.com>", "mx.test", "example.com", ""},
      {"<user@b\xc3\xbc"
       "cher.example>",
       "mx.test", "xn--bcher-kva.example", "user"},
      {"<>", "[192.0.2.1]", "[192.0.2.1]", ""},
  };
  for (const auto& row : cases) {
    CAPTURE(row.sender);
    const auto request = spf::request_for(*IpAddress::parse("192.0.2.1"), Address::parse(row.sender), row.helo);
    CHECK(request.domain == row.domain);
    CHECK(request.local == row.local);
    CHECK(request.helo == row.helo);
  }
}

TEST_CASE("prefetched: lookups of siblings run in parallel, and the run that waits finds them") {
  HeldResolver resolver;
  const auto lookups = lookups_in(resolver);
  auto request = request_of("many.test", "192.0.2.9");
  request.explain = false;
  lookups->prefetch([request](Lookups& early) { spf::check(early, request); });
  const auto text = [](std::string value) {
    auto answer = std::make_shared<dns::Answer>();
    answer->status = dns::Answer::Status::ok;
    dns::Record record;
    record.type = dns::Type::TXT;
    record.text = std::move(value);
    answer->records.push_back(record);
    return answer;
  };
  REQUIRE(resolver.count() == 1);
  REQUIRE(resolver.answer("many.test", text("v=spf1 a:one.test mx:two.test include:three.test -all")));
  CHECK(resolver.count() == 4);  // one, two and three at once
  REQUIRE(resolver.answer("three.test", text("v=spf1 ip4:192.0.2.9 -all")));
  REQUIRE(resolver.answer("one.test", address_answer("192.0.2.1")));
  REQUIRE(resolver.answer("two.test", dns::nxdomain("")));
  CHECK(resolver.count() == 4);
  const auto result = spf::check(*lookups, request);
  CHECK(result.word == AuthWord::pass);
  CHECK(result.reason == "many.test: include:three.test: ip4:192.0.2.9 matches 192.0.2.9");
  CHECK(result.terms == 3);
  CHECK(result.voids == 1);
}

TEST_CASE("siblings that are not reached are neither counted nor asked beyond the limit") {
  std::string record = "v=spf1 a:hit.test";
  for (int i = 0; i < 30; ++i) record += " a:n" + std::to_string(i) + ".test";
  const auto resolver = zone("wide.test TXT \"" + record + " -all\"\nhit.test A 192.0.2.1\n");
  const auto lookups = lookups_in(*resolver);
  const auto result = spf::check(*lookups, request_of("wide.test", "192.0.2.1"));
  CHECK(result.word == AuthWord::pass);
  CHECK(result.terms == 1);
  CHECK(result.voids == 0);
  CHECK(lookups->trace().size() <= 1 + spf::most_terms);
}

TEST_CASE(
    "hostile: an MX of a thousand, a PTR of a thousand, 64 KB of TXT, includes that never end, answers that never "
    "come") {
  std::string text = "mx1000.test TXT \"v=spf1 mx -all\"\nptr1000.test TXT \"v=spf1 ptr -all\"\n";
  for (int i = 0; i < 1000; ++i) {
    text += "mx1000.test MX " + std::to_string(i) + " h" + std::to_string(i) + ".test\n";
    text += "192.0.2.1 PTR h" + std::to_string(i) + ".test\n";
  }
  std::string terms = "v=spf1";
  while (terms.size() < 64'000) terms += " a:a.test";
  text += "long.test TXT \"" + terms + "\"\na.test A 192.0.2.9\n";
  std::string networks = "v=spf1";
  while (networks.size() < 64'000) networks += " ip4:198.51.100.1";
  text += "nets.test TXT \"" + networks + " ip4:192.0.2.1 -all\"\n";
  text += "macros.test TXT \"v=spf1 ";
  for (int i = 0; i < 9'000; ++i) text += i == 0 ? "a:%{s}" : ".%{s}";
  text += ".test -all\"\n";
  text += "tree.test TXT \"v=spf1 include:tree.test include:tree.test include:tree.test\"\n";
  const auto resolver = zone(text);
  struct Hostile {
    std::string domain;
    AuthWord want;
    std::size_t most_lookups;
  };
  const Hostile cases[] = {
      {"mx1000.test", AuthWord::permerror, 2}, {"ptr1000.test", AuthWord::fail, 12},
      {"long.test", AuthWord::permerror, 2},   {"nets.test", AuthWord::pass, 1},
      {"macros.test", AuthWord::fail, 2},      {"tree.test", AuthWord::permerror, 2},
  };
  for (const auto& row : cases) {
    CAPTURE(row.domain);
    const auto lookups = lookups_in(*resolver);
    auto request = request_of(row.domain, "192.0.2.1");
    request.local = std::string(2000, 'x');
    CHECK(to_string(spf::check(*lookups, request).word) == to_string(row.want));
    CHECK(lookups->trace().size() <= row.most_lookups);
  }

  HeldResolver silent;
  const auto lookups = Lookups::make(silent, Deadline::in(std::chrono::milliseconds(20)));
  CHECK(spf::check(*lookups, request_of("never.test", "192.0.2.1")).word == AuthWord::temperror);
}

}  // namespace

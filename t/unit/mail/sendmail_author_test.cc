// SPDX-License-Identifier: BSD-2-Clause
// What a From field says when Sendmail has sent the message on: it writes the field anew after its filters. Each
// address that left a Sendmail 8.17.1.9 named sm.test (t/t-24-mtas/authors.py asks one again) must be among those that
// are judged; one too many does no harm.
#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "../fixture/cpu_time.h"
#include "mail/address_list.h"
#include "mail/sendmail_host.h"

using namespace mailweir;

namespace {

constexpr const char* host = "sm.test";

std::set<std::string> judged(std::string_view from) {
  std::set<std::string> texts;
  for (const auto& address : parse_address_list(from, {}, host)) {
    texts.insert(address.text());
    if (address.also() != nullptr) texts.insert(address.also()->text());
  }
  return texts;
}

}  // namespace

TEST_CASE("sendmail author: every address that leaves is judged") {
  struct Row {
    const char* in;
    std::vector<std::string> left;
  };
  const std::string ceo = "ceo@sm.test", eve = "eve@evil.example", victim = "ceo@victim.example";
  const Row rows[] = {
      // words beside addresses
      {"ceo, eve@evil.example", {ceo, eve}},
      {"eve@evil.example, ceo", {eve, ceo}},
      {"eve@evil.example,, ceo", {eve, ceo}},
      {"ceo,", {ceo}},
      {",ceo", {ceo}},
      {"a,b,c,d@e.example", {"a@sm.test", "b@sm.test", "c@sm.test", "d@e.example"}},
      {"Boss <ceo>, eve@evil.example", {ceo, eve}},
      {"Eve <eve@evil.example>,ceo", {eve, ceo}},
      {"Eve <eve@evil.example> <ceo>", {ceo}},
      {"<ceo, eve@evil.example>", {ceo, eve}},
      {"<@x.example:ceo>, eve@evil.example", {ceo, eve}},
      {"ceo <eve@evil.example>", {eve}},
      {"<eve@evil.example> ceo", {eve}},
      {"Public, John Q. <eve@evil.example>", {"public@sm.test", eve}},
      {"M\xc3\xbcller, J\xc3\xb6rg <eve@evil.example>", {"m\xc3\xbcller@sm.test", eve}},
      {"\"ceo\", eve@evil.example", {ceo, eve}},
      {"\"ceo@victim.example\", x@y.example", {"ceo@victim.example@sm.test", "x@y.example"}},
      {"\\ceo, x@y.example", {ceo, "x@y.example"}},
      {"[ceo], eve@evil.example", {"[ceo]@sm.test", eve}},
      {"!ceo, eve@evil.example", {"!ceo@sm.test", eve}},
      {"=?utf-8?Q?ceo?=, eve@evil.example", {"=?utf-8?q?ceo?=@sm.test", eve}},
      {"=?utf-8?q?a?= =?utf-8?q?b?=", {"=?utf-8?q?a?=.=?utf-8?q?b?=@sm.test"}},
      // several words
      {"Pat ceo", {"pat.ceo@sm.test"}},
      {"Pat ceo, eve@evil.example", {"pat.ceo@sm.test", eve}},
      {"a b c, d e, f@g.example", {"a.b.c@sm.test", "d.e@sm.test", "f@g.example"}},
      {"<Pat ceo>, eve@evil.example", {"pat.ceo@sm.test", eve}},
      {"ceo +x", {"ceo+x@sm.test"}},
      {"a [b] c", {"a[b]c@sm.test"}},
      // comments, groups, separators
      {"ceo(x), eve@evil.example", {ceo, eve}},
      {"(ceo), eve@evil.example", {eve}},
      {"Pat (c) ceo, eve@evil.example", {"pat.ceo@sm.test", eve}},
      {"ceo (x, eve@evil.example", {ceo}},
      {"Team: ceo, eve@evil.example;", {ceo, eve}},
      {"Team: ceo;, eve@evil.example", {ceo, eve}},
      {"Team: Pat ceo, eve@evil.example;", {"pat.ceo@sm.test", eve}},
      {"x:ceo, eve@evil.example", {ceo, eve}},
      {"ceo@victim:example", {"example@sm.test"}},
      {"ceo@victim,example", {"ceo@victim", "example@sm.test"}},
      {"a b@c.example d;, e", {"a.b@c.example.d", "e@sm.test"}},
      {"Team: ; ceo", {ceo}},
      // blanks within an address become dots, or nothing
      {"ceo@victim example", {victim}},
      {"ceo@victim(x)example", {victim}},
      {"Boss <ceo@victim example>", {victim}},
      {"ceo@ victim example", {victim}},
      {"Pat ceo@victim example", {"pat.ceo@victim.example"}},
      {"ceo eve@evil.example", {"ceo.eve@evil.example"}},
      {"eve@evil.example ceo", {"eve@evil.example.ceo"}},
      {"a@b c@d", {"a@b.c@d"}},
      {"ceo \"x\"@victim.example", {"ceo\"x\"@victim.example"}},
      // what nothing opened
      {"ceo@vict>im.example", {victim}},
      {"ceo@vict> im.example", {"ceo@vict.im.example"}},
      {"ceo@vict)im.example", {victim}},
      {"<ceo@vict)im.example>", {victim}},
      {">ceo@victim.example", {victim}},
      {"ceo>, eve@evil.example", {ceo, eve}},
      {"<ceo@vict<im.example>", {"im.example@sm.test"}},
      // ! and %
      {"victim!ceo, eve@evil.example", {"victim!ceo@sm.test", eve}},
      {"victim.example !ceo", {victim}},
      {"victim .example!ceo", {victim}},
      {"victim example!ceo", {"victim.example!ceo@sm.test"}},
      {"a!victim.example!ceo", {"a!victim.example!ceo@sm.test"}},
      {"a!b%victim.example", {"a!b%victim.example@sm.test"}},
      {"ceo %victim.example", {victim}},
      {"ceo%victim example", {victim}},
      {"\"victim.example!ceo\"", {"victim.example!ceo@sm.test"}},
      {"\"ceo%victim.example\"", {"ceo%victim.example@sm.test"}},
      // its own names
      {"ceo@localhost", {ceo}},
      {"Boss <ceo@LOCALHOST>, eve@evil.example", {ceo, eve}},
      {"ceo@localhost.test", {ceo}},
      {"ceo@ [127.0.0.1]", {ceo}},
      {"ceo%localhost", {ceo}},
      {"localhost!ceo", {ceo}},
      {"ceo@localhost localdomain", {"ceo@localhost.localdomain"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto found = judged(row.in);
    for (const auto& left : row.left) {
      CAPTURE(left);
      std::string all;
      for (const auto& one : found) all += one + ' ';
      CAPTURE(all);
      CHECK(found.contains(left));
    }
    CHECK(at_most_addresses(row.in) >= parse_address_list(row.in, {}, host).size());
  }
}

TEST_CASE("sendmail author: nothing more is judged of what it leaves alone") {
  for (const char* in : {"Eve <eve@evil.example>", "\"Public, John Q.\" <eve@evil.example>", "ceo <eve@evil.example>",
                         "eve@evil.example (ceo)", "Team: eve@evil.example;", "eve . x@evil.example",
                         "<@r.example:eve@evil.example>", "\"odd one\"@evil.example", "eve@[192.0.2.1]",
                         "ceo%evil.example", "evil.example!ceo", "eve@localhost.example"}) {
    CAPTURE(in);
    const auto all = parse_address_list(in, {}, host);
    REQUIRE(all.size() == 1);
    CHECK(all[0].also() == nullptr);
    CHECK(all[0].text() == parse_address_list(in).at(0).text());
  }
  for (const char* in : {"", "<>", "(ceo)", "Mail Delivery System <>", "undisclosed-recipients:;", "@ceo"}) {
    CAPTURE(in);
    CHECK(parse_address_list(in, {}, host).empty());
  }
}

TEST_CASE("sendmail author: its own name") {
  struct Row {
    const char *in, *want;
  };
  const Row rows[] = {{"ceo", "ceo@sm.test"},
                      {"ceo@localhost", "ceo@sm.test"},
                      {"ceo@[127.0.0.1]", "ceo@sm.test"},
                      {"ceo@sm.test", "ceo@sm.test"},
                      {"ceo@[192.0.2.1]", "ceo@[192.0.2.1]"},
                      {"\"a@b\"", "\"a@b\"@sm.test"},
                      {"\"a\\\"@b\"", "\"a\\\"@b\"@sm.test"},
                      {"\"a@b\"@localhost", "\"a@b\"@sm.test"},
                      {"ceo@\"victim\"", "ceo@\"victim\""}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(with_sendmail_host(row.in, host) == row.want);
  }
}

TEST_CASE("sendmail author: time is linear in hostile text") {
  for (const char* piece :
       {"a@b ", "a ", "a,", "a@b,", ">", "a>", ")", "a!", "a%b ", "\"a\" ", "=?utf-8?q?a?= ", "a@localhost "}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 100'000) text += piece;
    CHECK(test::cpu_time([&] { CHECK(parse_address_list(text, {}, host).size() <= text.size()); }) <
          std::chrono::seconds(2));
  }
}

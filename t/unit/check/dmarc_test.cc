// SPDX-License-Identifier: BSD-2-Clause
// DMARC (RFC 7489): records, alignment, policy; a zone and a line a case.
#include <doctest/doctest.h>

#include "../fixture/dns_fixture.h"
#include "adapter/verify/dmarc_tools.h"
#include "check/dmarc.h"

using namespace mailweir;

namespace {

const DmarcTools& tools() {
  static const auto made = make_dmarc_tools();
  REQUIRE(made);
  return **made;
}

std::string policy_of(const DmarcResult& result) {
  return result.policy ? std::string(to_string(*result.policy)) : "-";
}

DmarcResult judge(const std::string& zone_text, const std::vector<std::string>& from, const DmarcEvidence& evidence,
                  unsigned sample = 0) {
  const auto zone = test::zone(zone_text);
  const auto lookups = test::lookups_in(*zone);
  return dmarc(*lookups, tools(), 1, from, evidence, sample);
}

DmarcEvidence spf(std::string domain, AuthWord word = AuthWord::pass) { return {word, std::move(domain), {}, {}}; }
DmarcEvidence dkim(std::vector<std::string> domains, std::vector<std::string> unasked = {}) {
  return {AuthWord::none, {}, std::move(domains), std::move(unasked)};
}

}  // namespace

TEST_CASE("dmarc: organizational domains by the public suffix list") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {{"example.com", "example.com"},
                      {"a.b.example.com", "example.com"},
                      {"a.example.co.uk", "example.co.uk"},
                      {"co.uk", "co.uk"},
                      {"com", "com"},
                      {"a.b.example", "b.example"},
                      {"example", "example"},
                      {"", ""},
                      {"www.city.kawasaki.jp", "city.kawasaki.jp"},
                      {"a.b.kobe.jp", "a.b.kobe.jp"}};
  for (const auto& row : rows) {
    CAPTURE(row.in);
    CHECK(tools().organizational_domain(row.in) == row.want);
  }
}

TEST_CASE("dmarc: records, with what RFC 7489 6.3 says of mistakes in them") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"v=DMARC1; p=reject", "reject - rr 100"},
      {"v=DMARC1;p=quarantine;sp=none;adkim=s;aspf=s;pct=20;", "quarantine none ss 20"},
      {" v = DMARC1 ; p = NONE ; adkim = r ", "none - rr 100"},
      {"v=DMARC1; p=reject; fo=x; rf=strange; ri=soon; ruf=nobody; zz=top", "reject - rr 100"},
      {"v=DMARC1; p=reject; rf=iodef; aspf=s", "reject - rs 100"},
      {"v=DMARC1; p=reject; adkim=maybe", "reject - rr 100"},
      {"v=DMARC1; p=reject; pct=200", "reject - rr 100"},
      {"v=DMARC1; p=reject; pct=-3", "reject - rr 100"},
      {"v=DMARC1; p=reject; p=none", "reject - rr 100"},
      {"v=DMARC1; p=destroy", "error"},
      {"v=DMARC1; p=destroy; rua=mailto:a@example.com", "none - rr 100"},
      {"v=DMARC1; p=reject; sp=destroy", "error"},
      {"v=DMARC1; p=reject; sp=destroy; rua=mailto:a@example.com", "none - rr 100"},
      {"v=DMARC1; rua=mailto:a@example.com", "none - rr 100"},
      {"v=DMARC1; rua=a@example.com", "error"},
      {"v=DMARC1", "error"},
      {"v=DMARC1; p", "error"},
      {"v=DMARC1; p=reject; " + std::string(5000, 'x'), "error"},
      {"v=DMARC1; p=reject; zz=" + std::string(3000, 'x'), "reject - rr 100"},
      {"v=DMARC1; p=" + std::string(3000, 'x'), "error"},
      {std::string("v=DMARC1; p=reject\0; sp=none", 28), "error"},
      {std::string(3900, ';'), "error"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in.substr(0, 80));
    const auto read = tools().read_record(row.in);
    std::string got = "error";
    if (read)
      got = std::string(to_string(read->policy)) + ' ' +
            std::string(read->subdomains ? to_string(*read->subdomains) : "-") + ' ' + (read->strict_dkim ? 's' : 'r') +
            (read->strict_spf ? 's' : 'r') + ' ' + std::to_string(read->percent);
    CHECK(got == row.want);
  }
}

TEST_CASE("dmarc: alignment") {
  const std::string relaxed = "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=quarantine\"\n";
  const std::string strict =
      "_dmarc.example.com TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n_dmarc.sub.example.com TXT \"v=DMARC1; "
      "p=reject; adkim=s; aspf=s\"\n";
  struct Row {
    std::string zone, from;
    DmarcEvidence evidence;
    std::string want, policy;
  };
  const Row rows[] = {
      {relaxed, "example.com", spf("example.com"), "pass", "none"},
      {relaxed, "example.com", spf("bounce.example.com"), "pass", "none"},
      {relaxed, "sub.example.com", spf("other.example.com"), "pass", "none"},
      {relaxed, "example.com", spf("example.com", AuthWord::softfail), "fail", "reject"},
      {relaxed, "example.com", spf("example.com", AuthWord::temperror), "temperror", "-"},
      {relaxed, "example.com", spf("evil.example", AuthWord::temperror), "fail", "reject"},
      {relaxed, "example.com", spf("notexample.com"), "fail", "reject"},
      {relaxed, "example.com", spf("example.com.evil.example"), "fail", "reject"},
      {relaxed, "sub.example.com", spf("evil.example"), "fail", "quarantine"},
      {relaxed, "example.com", dkim({"example.com"}), "pass", "none"},
      {relaxed, "example.com", dkim({"evil.example", "mail.example.com"}), "pass", "none"},
      {relaxed, "example.com", dkim({"evil.example"}), "fail", "reject"},
      {relaxed, "example.com", dkim({"com"}), "fail", "reject"},
      {relaxed, "example.com", {AuthWord::fail, "example.com", {}, {"mail.example.com"}}, "temperror", "-"},
      {relaxed, "example.com", {AuthWord::pass, "example.com", {}, {"example.com"}}, "pass", "none"},
      // A signature of a stranger whose name server is silent excuses nothing.
      {relaxed, "example.com", dkim({}, {"evil.example"}), "fail", "reject"},
      {relaxed, "example.com", dkim({}, {"evil.example", "example.com"}), "temperror", "-"},
      {relaxed, "example.com", dkim({"example.com"}, {"evil.example"}), "pass", "none"},
      {strict, "example.com", dkim({}, {"mail.example.com"}), "fail", "reject"},
      {strict, "example.com", dkim({}, {"example.com"}), "temperror", "-"},
      {relaxed, "example.com", {}, "fail", "reject"},
      {strict, "example.com", spf("example.com"), "pass", "none"},
      {strict, "example.com", spf("bounce.example.com"), "fail", "reject"},
      {strict, "sub.example.com", spf("example.com"), "fail", "reject"},
      {strict, "sub.example.com", dkim({"example.com"}), "fail", "reject"},
      {strict, "sub.example.com", dkim({"sub.example.com"}), "pass", "none"},
      // Below a public suffix nobody is a neighbour's keeper.
      {"_dmarc.a.co.uk TXT \"v=DMARC1; p=reject\"\n", "a.co.uk", dkim({"b.co.uk"}), "fail", "reject"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    CAPTURE(row.evidence.spf_domain);
    const auto result = judge(row.zone, {row.from}, row.evidence);
    CHECK_MESSAGE(to_string(result.word) == row.want, result.reason);
    CHECK(policy_of(result) == row.policy);
  }
}

TEST_CASE("dmarc: where the record is found (RFC 7489 6.6.3)") {
  struct Row {
    std::string label, zone, from, want, policy;
  };
  const Row rows[] = {
      {"none", "", "example.com", "none", "-"},
      {"another TXT", "_dmarc.example.com TXT \"hello\"\n", "example.com", "none", "-"},
      {"another version", "_dmarc.example.com TXT \"v=DMARC2; p=reject\"\n", "example.com", "none", "-"},
      {"a version that only begins so", "_dmarc.example.com TXT \"v=DMARC10; p=reject\"\n", "example.com", "none", "-"},
      {"two", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n TXT \"v=DMARC1; p=none\"\n", "example.com", "none", "-"},
      {"two, of the parent's one not asked",
       "_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; "
       "p=reject\"\n",
       "a.example.com", "none", "-"},
      {"beside another", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n TXT \"hello\"\n", "example.com", "fail",
       "reject"},
      {"own before the organization's",
       "_dmarc.a.example.com TXT \"v=DMARC1; p=none\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n",
       "a.example.com", "fail", "none"},
      {"the organization's, p=", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n", "a.b.example.com", "fail",
       "reject"},
      {"the organization's, sp=", "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=none\"\n", "a.b.example.com", "fail",
       "none"},
      {"not of what lies between", "_dmarc.b.example.com TXT \"v=DMARC1; p=reject\"\n", "a.b.example.com", "none", "-"},
      {"not of a suffix", "_dmarc.co.uk TXT \"v=DMARC1; p=reject\"\n", "a.co.uk", "none", "-"},
      {"SERVFAIL", "_dmarc.example.com SERVFAIL\n", "example.com", "temperror", "-"},
      {"time-out at the organization's", "_dmarc.example.com TIMEOUT\n", "a.example.com", "temperror", "-"},
      {"trouble at its own", "_dmarc.a.example.com SERVFAIL\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n",
       "a.example.com", "temperror", "-"},
      {"no policy in it", "_dmarc.example.com TXT \"v=DMARC1\"\n", "example.com", "permerror", "-"},
      {"an alias", "_dmarc.example.com CNAME d.example.net\nd.example.net TXT \"v=DMARC1; p=quarantine\"\n",
       "example.com", "fail", "quarantine"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto result = judge(row.zone, {row.from}, {});
    CHECK_MESSAGE(to_string(result.word) == row.want, result.reason);
    CHECK(policy_of(result) == row.policy);
  }
}

TEST_CASE("dmarc: pct spares some (RFC 7489 6.6.4)") {
  struct Row {
    std::string tags;
    unsigned sample;
    std::string want;
  };
  const Row rows[] = {{"p=reject; pct=25", 24, "reject"},   {"p=reject; pct=25", 25, "quarantine"},
                      {"p=quarantine; pct=25", 99, "none"}, {"p=reject; pct=0", 0, "quarantine"},
                      {"p=none; pct=10", 50, "none"},       {"p=reject", 99, "reject"}};
  for (const auto& row : rows) {
    CAPTURE(row.tags);
    CAPTURE(row.sample);
    const auto result =
        judge("_dmarc.example.com TXT \"v=DMARC1; " + row.tags + "\"\n", {"example.com"}, {}, row.sample);
    CHECK(to_string(result.word) == "fail");
    CHECK(policy_of(result) == row.want);
  }
}

TEST_CASE("dmarc: From fields with several domains, or none (RFC 7489 6.6.1)") {
  const std::string zone =
      "_dmarc.good.example TXT \"v=DMARC1; p=none\"\n_dmarc.strict.example TXT \"v=DMARC1; "
      "p=reject\"\n_dmarc.down.example SERVFAIL\n_dmarc.odd.example TXT \"v=DMARC1\"\n";
  struct Row {
    std::vector<std::string> from;
    std::string want, policy;
  };
  const Row rows[] = {
      {{"good.example"}, "pass", "none"},
      {{"good.example", "strict.example"}, "fail", "reject"},
      {{"strict.example", "good.example"}, "fail", "reject"},
      {{"good.example", "nothing.example"}, "none", "-"},
      {{"good.example", "down.example"}, "temperror", "-"},
      {{"down.example", "strict.example"}, "fail", "reject"},
      {{"odd.example", "good.example"}, "permerror", "-"},
      {{"good.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example", "h.example",
        "i.example", "j.example"},
       "none",
       "-"},
      {{"good.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example", "h.example",
        "i.example", "strict.example"},
       "fail",
       "reject"},
      // One more: the worst that any of them may say.
      {{"good.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example", "h.example",
        "i.example", "j.example", "k.example"},
       "fail",
       "reject"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from.size());
    CAPTURE(row.from.front());
    const auto result = judge(zone, row.from, dkim({"good.example"}));
    CHECK_MESSAGE(to_string(result.word) == row.want, result.reason);
    CHECK(policy_of(result) == row.policy);
  }
  const auto resolver = test::zone("");
  const auto lookups = test::lookups_in(*resolver);
  CHECK(to_string(dmarc(*lookups, tools(), 0, {}, {}, 0).word) == "permerror");
  CHECK(to_string(dmarc(*lookups, tools(), 1, {}, {}, 0).word) == "none");
  CHECK(dmarc(*lookups, tools(), 1, std::vector<std::string>(11, "good.example"), {}, 0).policy == DmarcPolicy::reject);
  DmarcEvidence unusable;
  unusable.unusable_author = true;
  unusable.dkim_domains = {"good.example"};
  CHECK(to_string(dmarc(*lookups, tools(), 1, {"good.example"}, unusable, 0).word) == "fail");
  CHECK(dmarc(*lookups, tools(), 1, {}, unusable, 0).policy == DmarcPolicy::reject);
  CHECK(lookups->trace().empty());
}

TEST_CASE("dmarc: of which envelope domains SPF is worth asking") {
  const std::vector<std::string> authors{"a.example.com", "example.net"};
  for (const auto* domain : {"a.example.com", "example.com", "b.example.com", "example.net", "x.y.example.net"}) {
    CAPTURE(domain);
    CHECK(may_align(tools(), authors, domain));
  }
  for (const auto* domain : {"", "evil.example", "com", "notexample.com"}) {
    CAPTURE(domain);
    CHECK_FALSE(may_align(tools(), authors, domain));
  }
  CHECK_FALSE(may_align(tools(), std::vector<std::string>(11, "example.com"), "example.com"));
}

TEST_CASE("dmarc: its lookups start before anybody waits") {
  test::HeldResolver resolver;
  const auto lookups = test::lookups_in(resolver);
  lookups->prefetch([](Lookups& early) { find_dmarc_records(early, tools(), {"a.example.com", "b.example.net"}); });
  CHECK(resolver.count() == 3);  // both domains, and the first's organization
  REQUIRE(resolver.answer("_dmarc.a.example.com", dns::nxdomain("")));
  REQUIRE(resolver.answer("_dmarc.example.com", dns::nxdomain("")));
  CHECK(resolver.count() == 4);
}

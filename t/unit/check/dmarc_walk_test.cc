// SPDX-License-Identifier: BSD-2-Clause
// The DNS tree walk of DMARC (RFC 9989 4.10): what is asked, and the organizational domain and record that come of it.
#include <doctest/doctest.h>

#include <algorithm>

#include "../fixture/dns_fixture.h"
#include "check/dmarc_walk.h"

using namespace mailweir;

namespace {

std::string record(const std::string& domain, const std::string& tags = "p=reject") {
  return "_dmarc." + domain + " TXT \"v=DMARC1; " + tags + "\"\n";
}

std::string asked(const Lookups& lookups) {
  std::string names;
  for (const auto& each : lookups.trace()) names += (names.empty() ? "" : " ") + each.question.name;
  return names;
}

}  // namespace

TEST_CASE("dmarc walk: at most 8 names are asked, of more than 8 labels the 7 last after the first") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"com", "_dmarc.com"},
      {"a.mail.example.com", "_dmarc.a.mail.example.com _dmarc.mail.example.com _dmarc.example.com _dmarc.com"},
      {"a.b.c.d.e.f.g.com",
       "_dmarc.a.b.c.d.e.f.g.com _dmarc.b.c.d.e.f.g.com _dmarc.c.d.e.f.g.com _dmarc.d.e.f.g.com _dmarc.e.f.g.com "
       "_dmarc.f.g.com _dmarc.g.com _dmarc.com"},
      {"a.b.c.d.e.f.g.h.com",
       "_dmarc.a.b.c.d.e.f.g.h.com _dmarc.c.d.e.f.g.h.com _dmarc.d.e.f.g.h.com _dmarc.e.f.g.h.com _dmarc.f.g.h.com "
       "_dmarc.g.h.com _dmarc.h.com _dmarc.com"},
      // The RFC's.
      {"a.b.c.d.e.f.g.h.i.j.mail.example.com",
       "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com _dmarc.g.h.i.j.mail.example.com _dmarc.h.i.j.mail.example.com "
       "_dmarc.i.j.mail.example.com _dmarc.j.mail.example.com _dmarc.mail.example.com _dmarc.example.com _dmarc.com"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    const auto resolver = test::zone("");
    const auto lookups = test::lookups_in(*resolver);
    const DmarcWalk walk(*lookups, row.in);
    CHECK(asked(*lookups) == row.want);
    CHECK(walk.steps().size() <= most_dmarc_steps);
    CHECK(walk.is_bare());
  }
}

TEST_CASE("dmarc walk: organizational domains and the records that apply") {
  struct Row {
    std::string label, zone, in, organization, applied;
  };
  const std::string bank = record("bank.example", "p=none; psd=y") + record("giant.bank.example");
  const Row rows[] = {
      {"no record", "", "a.mail.example.com", "a.mail.example.com", "-"},
      {"own", record("example.com"), "example.com", "example.com", "example.com"},
      {"the one with the fewest labels", record("mail.example.com") + record("example.com"), "a.mail.example.com",
       "example.com", "example.com"},
      {"own applies, and is not the organizational domain", record("a.example.com") + record("example.com"),
       "a.example.com", "example.com", "a.example.com"},
      {"between the two none applies", record("b.example.com") + record("example.com"), "a.b.example.com",
       "example.com", "example.com"},
      {"only in between", record("mail.example.com"), "a.mail.example.com", "mail.example.com", "mail.example.com"},
      {"psd=n ends it", record("mail.example.com", "psd=n") + record("example.com"), "a.mail.example.com",
       "mail.example.com", "mail.example.com"},
      {"psd=n at the start", record("a.example.com", "psd=n") + record("example.com"), "a.example.com", "a.example.com",
       "a.example.com"},
      {"psd=y at the top", record("com", "psd=y"), "a.mail.example.com", "example.com", "com"},
      {"psd=y, the organizational domain has one", record("com", "psd=y") + record("example.com"), "a.mail.example.com",
       "example.com", "example.com"},
      {"psd=y, one between is passed over", record("com", "psd=y") + record("mail.example.com"), "a.mail.example.com",
       "example.com", "com"},
      {"psd=y at the start", record("gov.example", "psd=y") + record("example"), "gov.example", "gov.example",
       "gov.example"},
      {"psd=y ends it", record("bank.example", "psd=y") + record("example"), "a.bank.example", "a.bank.example",
       "bank.example"},
      {"psd=y where names were left out", record("c.d.e.f.g.h.example", "psd=y"), "a.b.c.d.e.f.g.h.example",
       "b.c.d.e.f.g.h.example", "c.d.e.f.g.h.example"},
      {"psd=u says nothing", record("example.com", "psd=u") + record("com", "psd=u"), "example.com", "com",
       "example.com"},
      {"an unusable record is one", record("example.com", "p=destroy; psd=n") + record("com"), "example.com",
       "example.com", "example.com"},
      {"two at a name are none",
       "_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n TXT \"v=DMARC1; p=none\"\n" + record("example.com"),
       "a.example.com", "example.com", "example.com"},
      {"another text beside it", "_dmarc.example.com TXT \"v=DMARC1\"\n TXT \"v=spf1 -all\"\n", "example.com",
       "example.com", "example.com"},
      {"left out by the walk", record("b.c.d.e.f.g.h.com"), "a.b.c.d.e.f.g.h.com", "a.b.c.d.e.f.g.h.com", "-"},
      // Appendix B.4.
      {"B.4.1, author", record("example.com") + record("signing.example.com"), "example.com", "example.com",
       "example.com"},
      {"B.4.1, signer", record("example.com") + record("signing.example.com"), "signing.example.com", "example.com",
       "signing.example.com"},
      {"B.4.2, author", record("example.com") + record("signing.example.com"), "a.b.c.d.e.f.g.h.i.j.k.example.com",
       "example.com", "example.com"},
      {"B.4.3, author", bank, "giant.bank.example", "giant.bank.example", "giant.bank.example"},
      {"B.4.3, SPF", bank, "mail.giant.bank.example", "giant.bank.example", "giant.bank.example"},
      {"B.4.3, DKIM", bank, "mail.mega.bank.example", "mega.bank.example", "bank.example"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto resolver = test::zone(row.zone);
    const auto lookups = test::lookups_in(*resolver);
    const DmarcWalk walk(*lookups, row.in);
    CHECK(walk.organization({}) == row.organization);
    const auto* const applied = walk.applied({});
    CHECK((applied == nullptr ? "-" : applied->domain) == row.applied);
    CHECK(std::ranges::none_of(walk.steps(),
                               [](const DmarcStep& step) { return step.kind == DmarcStep::Kind::trouble; }));
  }
}

TEST_CASE("dmarc walk: what a name that could not be looked up may change") {
  struct Row {
    std::string zone, in, want;  // the organizational domain and the record that applies, of each guess
  };
  const Row rows[] = {
      {record("example.com") + "_dmarc.com SERVFAIL\n", "a.example.com",
       "example.com example.com, com com, example.com example.com, com com"},
      {record("example.com") + "_dmarc.com SERVFAIL\n", "example.com",
       "example.com example.com, com example.com, example.com example.com, com example.com"},
      {record("example.com", "psd=n") + "_dmarc.a.example.com SERVFAIL\n", "b.a.example.com",
       "example.com example.com, example.com example.com, b.a.example.com a.example.com, a.example.com a.example.com"},
      // Above psd= nothing matters, and is not looked at.
      {record("example.com", "psd=n") + "_dmarc.com SERVFAIL\n", "a.example.com", "example.com example.com"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.zone);
    CAPTURE(row.in);
    const auto resolver = test::zone(row.zone);
    const auto lookups = test::lookups_in(*resolver);
    const DmarcWalk walk(*lookups, row.in);
    std::vector<DmarcGuess> guesses(1);
    walk.add_guesses(guesses);
    std::string got;
    for (const auto& guess : guesses) {
      const auto* const applied = walk.applied(guess);
      got += (got.empty() ? "" : ", ") + std::string(walk.organization(guess)) + ' ' +
             (applied == nullptr ? "-" : applied->domain);
    }
    CHECK(got == row.want);
  }
}

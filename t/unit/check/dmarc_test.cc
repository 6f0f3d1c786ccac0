// SPDX-License-Identifier: BSD-2-Clause
// DMARC (RFC 9989): alignment, policy, what trouble changes; a zone and a line a case.
#include <doctest/doctest.h>

#include <optional>

#include "../fixture/dns_fixture.h"
#include "check/dmarc.h"

using namespace mailweir;

namespace {

std::string policy_of(const DmarcResult& result) {
  return result.policy ? std::string(to_string(*result.policy)) : "-";
}

DmarcResult judge(const std::string& zone_text, const std::vector<std::string>& from, const DmarcEvidence& evidence) {
  const auto zone = test::zone(zone_text);
  const auto lookups = test::lookups_in(*zone);
  return dmarc(*lookups, 1, from, evidence);
}

DmarcEvidence spf(std::string domain, AuthWord word = AuthWord::pass) { return {word, std::move(domain), {}, {}}; }
DmarcEvidence dkim(std::vector<std::string> domains, std::vector<std::string> unasked = {}) {
  return {AuthWord::none, {}, std::move(domains), std::move(unasked)};
}

}  // namespace

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
      // Below a public suffix no domain speaks for its neighbours, whether it says psd=y or has no record.
      {"_dmarc.a.co.uk TXT \"v=DMARC1; p=reject\"\n", "a.co.uk", dkim({"b.co.uk"}), "fail", "reject"},
      {"_dmarc.co.uk TXT \"v=DMARC1; p=none; psd=y\"\n_dmarc.a.co.uk TXT \"v=DMARC1; p=reject\"\n", "a.co.uk",
       dkim({"b.co.uk"}), "fail", "reject"},
      {"_dmarc.co.uk TXT \"v=DMARC1; p=none; psd=y\"\n_dmarc.a.co.uk TXT \"v=DMARC1; p=reject\"\n", "a.co.uk",
       dkim({"co.uk"}), "fail", "reject"},
      // Both have the record of example.com, or one of them another organization.
      {relaxed + "_dmarc.a.example.com TXT \"v=DMARC1; p=reject; psd=n\"\n", "example.com", dkim({"a.example.com"}),
       "fail", "reject"},
      {relaxed + "_dmarc.a.example.com TXT \"v=DMARC1; p=none\"\n", "a.example.com", dkim({"b.example.com"}), "pass",
       "none"},
      // Only the author's own name has a record.
      {"_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n", "a.example.com", dkim({"example.com"}), "fail", "reject"},
      {"_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n", "a.example.com", dkim({"x.a.example.com"}), "pass", "none"},
      // Appendix B.1.
      {relaxed, "example.com", spf("child.example.com"), "pass", "none"},
      {relaxed, "child.example.com", spf("example.net"), "fail", "quarantine"},
      {relaxed, "child.example.com", dkim({"example.com"}), "pass", "none"},
      {relaxed, "child.example.com", dkim({"example.net"}), "fail", "quarantine"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    CAPTURE(row.evidence.spf_domain);
    const auto result = judge(row.zone, {row.from}, row.evidence);
    CHECK_MESSAGE(to_string(result.word) == row.want, result.reason);
    CHECK(policy_of(result) == row.policy);
  }
}

TEST_CASE("dmarc: where the record is found, and which of its policies applies (RFC 9989 4.10.1)") {
  const std::string two = "_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n TXT \"v=DMARC1; p=none\"\n",
                    whole = "_dmarc.example.com TXT \"v=DMARC1; p=quarantine; sp=none; np=reject\"\n",
                    suffix = "_dmarc.example TXT \"v=DMARC1; p=none; sp=quarantine; np=reject; psd=y\"\n";
  struct Row {
    std::string label, zone, from, want, policy;
  };
  const Row rows[] = {
      {"none", "", "example.com", "none", "-"},
      {"another TXT", "_dmarc.example.com TXT \"hello\"\n", "example.com", "none", "-"},
      {"another version", "_dmarc.example.com TXT \"v=DMARC2; p=reject\"\n", "example.com", "none", "-"},
      {"a version that only begins so", "_dmarc.example.com TXT \"v=DMARC10; p=reject\"\n", "example.com", "none", "-"},
      {"two", two, "a.example.com", "none", "-"},
      {"two, and one above", two + whole, "a.example.com", "fail", "none"},
      {"beside another", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n TXT \"hello\"\n", "example.com", "fail",
       "reject"},
      {"own before the organization's",
       "_dmarc.a.example.com TXT \"v=DMARC1; p=none; sp=reject; np=reject\"\n_dmarc.example.com TXT \"v=DMARC1; "
       "p=reject\"\n",
       "a.example.com", "fail", "none"},
      {"the organization's, p=", "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n", "a.b.example.com", "fail",
       "reject"},
      {"the organization's, sp=", "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=none\"\n", "a.b.example.com", "fail",
       "none"},
      {"the organization's own mail", whole, "example.com", "fail", "quarantine"},
      {"np=, the domain does not exist", whole, "a.example.com", "fail", "reject"},
      {"sp=, the domain exists", whole + "a.example.com TXT x\n", "a.example.com", "fail", "none"},
      {"sp=, a domain below it exists", whole + "x.a.example.com A 192.0.2.1\n", "a.example.com", "fail", "none"},
      {"sp=, whether it exists makes no difference",
       "_dmarc.example.com TXT \"v=DMARC1; p=reject; sp=none; np=none\"\na.example.com SERVFAIL\n", "a.example.com",
       "fail", "none"},
      {"np=, whether it exists is not known", whole + "a.example.com SERVFAIL\n", "a.example.com", "temperror", "-"},
      {"the public suffix's, np=", suffix, "a.example", "fail", "reject"},
      {"the public suffix's, sp=", suffix + "a.example A 192.0.2.1\n", "a.example", "fail", "quarantine"},
      {"the public suffix's, for what is deeper", suffix + "b.a.example A 192.0.2.1\n", "b.a.example", "fail",
       "quarantine"},
      {"the public suffix's own mail", suffix, "example", "fail", "none"},
      {"not the public suffix's where the organization has one", suffix + "_dmarc.a.example TXT \"v=DMARC1\"\n",
       "a.example", "fail", "none"},
      {"test mode, reject", "_dmarc.example.com TXT \"v=DMARC1; p=reject; t=y\"\n", "example.com", "fail",
       "quarantine"},
      {"test mode, quarantine", "_dmarc.example.com TXT \"v=DMARC1; p=quarantine; t=y\"\n", "example.com", "fail",
       "none"},
      {"test mode, none", "_dmarc.example.com TXT \"v=DMARC1; p=none; t=y\"\n", "example.com", "fail", "none"},
      {"test mode, sp=", "_dmarc.example.com TXT \"v=DMARC1; p=none; sp=reject; t=y\"\n", "a.example.com", "fail",
       "quarantine"},
      {"test mode, t=n", "_dmarc.example.com TXT \"v=DMARC1; p=reject; t=n\"\n", "example.com", "fail", "reject"},
      {"pct= is ignored", "_dmarc.example.com TXT \"v=DMARC1; p=reject; pct=0\"\n", "example.com", "fail", "reject"},
      {"no policy in it", "_dmarc.example.com TXT \"v=DMARC1\"\n", "example.com", "fail", "none"},
      {"an unusable policy", "_dmarc.example.com TXT \"v=DMARC1; p=destroy\"\n", "example.com", "permerror", "-"},
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

TEST_CASE("dmarc: a lookup that failed for now is a temperror only where it could change the result") {
  const std::string own = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n", down = "_dmarc.com SERVFAIL\n",
                    below = "_dmarc.a.example.com SERVFAIL\n";
  struct Row {
    std::string label, zone, from;
    DmarcEvidence evidence;
    std::string want, policy;
  };
  const Row rows[] = {
      {"the author's own", "_dmarc.example.com SERVFAIL\n", "example.com", {}, "temperror", "-"},
      {"the author's own, the same domain signed", "_dmarc.example.com TIMEOUT\n", "example.com", dkim({"example.com"}),
       "temperror", "-"},  // pass, or none
      {"and one above has a record in any case", below + own, "a.example.com", dkim({"a.example.com"}), "pass", "none"},
      {"it may be strict", below + own, "a.example.com", dkim({"example.com"}), "temperror", "-"},
      {"it may have another policy", below + own, "a.example.com", {}, "temperror", "-"},
      {"between the author and his organization",
       "_dmarc.b.example.com SERVFAIL\n" + own,
       "a.b.example.com",
       {},
       "temperror",
       "-"},  // psd=n there would have its own policy
      {"above, own policy, nothing speaks for him", own + down, "example.com", {}, "fail", "reject"},
      {"above, a stranger signed", own + down, "example.com", dkim({"example.net"}), "fail", "reject"},
      {"above, another .com signed", own + down, "example.com", dkim({"example2.com"}), "temperror", "-"},
      {"above, the same domain signed", own + down, "example.com", dkim({"example.com"}), "pass", "none"},
      {"above, a domain below it signed", own + down, "example.com", dkim({"mail.example.com"}), "pass", "none"},
      {"above, his organization's policy", own + down, "a.example.com", {}, "temperror", "-"},
      {"above psd=n",
       "_dmarc.example.com TXT \"v=DMARC1; p=reject; psd=n\"\n" + down,
       "a.example.com",
       {},
       "fail",
       "reject"},
      {"strict, above", "_dmarc.example.com TXT \"v=DMARC1; p=reject; adkim=s\"\n" + down, "example.com",
       dkim({"example2.com"}), "fail", "reject"},
      {"of the signer", own + "_dmarc.mail.example.com SERVFAIL\n", "example.com", dkim({"mail.example.com"}),
       "temperror", "-"},  // psd=n there would part them
      {"of one signer, another speaks", own + "_dmarc.mail.example.com SERVFAIL\n", "example.com",
       dkim({"mail.example.com", "example.com"}), "pass", "none"},
      {"no record anywhere else", down, "example.com", {}, "temperror", "-"},
      {"several in trouble", below + down, "a.example.com", {}, "temperror", "-"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto result = judge(row.zone, {row.from}, row.evidence);
    CHECK_MESSAGE(to_string(result.word) == row.want, result.reason);
    CHECK(policy_of(result) == row.policy);
    if (row.want == "temperror") CHECK_MESSAGE(result.reason.starts_with("_dmarc."), result.reason);
  }
}

TEST_CASE("dmarc: what is requested for mail that fails is known of mail that passes too") {
  struct Row {
    std::string tags, from, published, requested;
  };
  const Row rows[] = {{"p=reject", "example.com", "reject", "reject"},
                      {"p=reject; t=y", "example.com", "reject", "quarantine"},
                      {"p=reject; sp=none", "a.example.com", "none", "none"},
                      {"p=none; np=quarantine", "a.example.com", "quarantine", "quarantine"}};
  for (const auto& row : rows) {
    CAPTURE(row.tags);
    const auto result =
        judge("_dmarc.example.com TXT \"v=DMARC1; " + row.tags + "\"\n", {row.from}, dkim({"example.com"}));
    CHECK(to_string(result.word) == "pass");
    CHECK(policy_of(result) == "none");
    REQUIRE(result.published);
    CHECK(to_string(*result.published) == row.published);
    CHECK(to_string(*result.requested) == row.requested);
  }
}

TEST_CASE("dmarc: From fields with several domains, or none (RFC 9989 11.5)") {
  const std::string zone =
      "_dmarc.good.example TXT \"v=DMARC1; p=none\"\n_dmarc.strict.example TXT \"v=DMARC1; "
      "p=reject\"\n_dmarc.down.example SERVFAIL\n_dmarc.odd.example TXT \"v=DMARC1; p=odd\"\n";
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
  CHECK(to_string(dmarc(*lookups, 0, {}, {}).word) == "permerror");
  CHECK(to_string(dmarc(*lookups, 1, {}, {}).word) == "none");
  CHECK(dmarc(*lookups, 1, std::vector<std::string>(11, "good.example"), {}).policy == DmarcPolicy::reject);
  DmarcEvidence unusable;
  unusable.unusable_author = true;
  unusable.dkim_domains = {"good.example"};
  CHECK(to_string(dmarc(*lookups, 1, {"good.example"}, unusable).word) == "fail");
  CHECK(dmarc(*lookups, 1, {}, unusable).policy == DmarcPolicy::reject);
  CHECK(lookups->trace().empty());
}

TEST_CASE("dmarc: of which envelope domains SPF is worth asking, and none of a stranger's names is looked up") {
  const std::string zone =
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.net TXT \"v=DMARC1; aspf=s\"\n"
      "_dmarc.own.example.com TXT \"v=DMARC1; psd=n\"\n";
  const std::vector<std::string> authors{"a.example.com", "example.net", "bare.example.org"};
  struct Row {
    std::string envelope;
    bool want;
  };
  const Row rows[] = {{"a.example.com", true},      {"example.com", true},
                      {"b.example.com", true},      {"example.net", true},
                      {"x.y.example.net", true},    {"", false},
                      {"evil.com", false},          {"com", false},
                      {"notexample.com", false},    {"own.example.com", false},
                      {"x.own.example.com", false}, {"bare.example.org", false},
                      {"example.org", false}};
  for (const auto& row : rows) {
    CAPTURE(row.envelope);
    const auto resolver = test::zone(zone);
    const auto lookups = test::lookups_in(*resolver);
    CHECK(may_align(*lookups, authors, row.envelope) == row.want);
    for (const auto& each : lookups->trace()) CHECK(each.question.name.find("evil") == std::string::npos);
    CHECK_FALSE(may_align(*lookups, std::vector<std::string>(11, "example.com"), row.envelope));
  }
}

TEST_CASE("dmarc: signers that are aligned with each author, as relaxed alignment has it") {
  const std::string records =
      "_dmarc.example.com TXT \"v=DMARC1; p=none; adkim=s\"\n_dmarc.example.org TXT \"v=DMARC1; p=none\"\n"
      "_dmarc.trouble.test SERVFAIL TXT\nbare.test A 192.0.2.1\n";
  struct Row {
    std::vector<std::string> from, signers;
    std::optional<bool> want;
  };
  const Row rows[] = {
      {{"example.com"}, {"example.com"}, true},
      {{"example.com"}, {"evil.example", "mail.example.com"}, true},  // adkim=s is not asked
      {{"sub.example.com"}, {"example.com"}, true},
      {{"sub.example.com"}, {"other.example.com"}, true},
      {{"example.com"}, {}, false},
      {{"example.com"}, {"evil.example"}, false},
      {{"example.com"}, {"com"}, false},
      {{"example.com"}, {"notexample.com"}, false},
      {{"example.com", "example.org"}, {"example.com"}, false},
      {{"example.com", "example.org"}, {"example.com", "a.example.org"}, true},
      {{"bare.test"}, {"bare.test"}, true},
      {{"sub.bare.test"}, {"bare.test"}, false},  // no record says where the organization begins
      {{"sub.trouble.test"}, {"trouble.test"}, std::nullopt},
      {{"sub.trouble.test"}, {"sub.trouble.test"}, true},
      {{"sub.trouble.test"}, {"evil.example"}, false},
      {{}, {"example.com"}, std::nullopt},
      {std::vector<std::string>(11, "example.com"), {"example.com"}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from.empty() ? "" : row.from.front());
    CAPTURE(row.signers.empty() ? "" : row.signers.front());
    const auto zone = test::zone(records);
    const auto lookups = test::lookups_in(*zone);
    CHECK((has_aligned_signers(*lookups, row.from, row.signers) == row.want));
  }
}

TEST_CASE("dmarc: a signer whose domain cannot be aligned is not looked up") {
  const auto resolver = test::zone("_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n");
  const auto lookups = test::lookups_in(*resolver);
  const auto evidence = dkim({"evil.com", "a.b.c.evil.net", "mail.example.com"}, {"evil.org"});
  CHECK(to_string(dmarc(*lookups, 1, {"example.com"}, evidence).word) == "pass");
  std::string asked;
  for (const auto& each : lookups->trace()) asked += each.question.name + ' ';
  CHECK(asked == "_dmarc.example.com _dmarc.com _dmarc.mail.example.com ");
}

TEST_CASE("dmarc: its lookups start before anybody waits") {
  test::HeldResolver resolver;
  const auto lookups = test::lookups_in(resolver);
  lookups->prefetch([](Lookups& early) {
    find_dmarc_records(early, {"a.example.com", "b.example.net"}, {"mail.example.com", "evil.org"});
  });
  CHECK(resolver.count() == 6);  // the walks of both authors
  const auto record = std::make_shared<dns::Answer>();
  record->status = dns::Answer::Status::ok;
  dns::Record text;
  text.type = dns::Type::TXT;
  text.text = "v=DMARC1; p=none; np=reject";
  record->records.push_back(text);
  for (const auto* name : {"_dmarc.a.example.com", "_dmarc.com"}) REQUIRE(resolver.answer(name, dns::nxdomain("")));
  CHECK(resolver.count() == 6);
  REQUIRE(resolver.answer("_dmarc.example.com", record));
  CHECK(resolver.count() == 8);  // whether a.example.com exists, and the signer that may be aligned
}

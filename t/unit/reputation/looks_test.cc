// SPDX-License-Identifier: BSD-2-Clause
// What the reputation watch looks at: a zone, and what is found in it.
#include <doctest/doctest.h>

#include <algorithm>

#include "../fixture/dns_fixture.h"
#include "../fixture/no_signer.h"
#include "reputation/look.h"
#include "reputation/removal.h"
#include "reputation/report.h"

using namespace mailweir;

namespace {

const std::string points = "2.0.0.127.zen.test. A 127.0.0.2\n";
const std::string good = points +
                         "1.2.0.192.in-addr.arpa. PTR mx.example.com.\n"
                         "mx.example.com. A 192.0.2.1\n"
                         "example.com. MX 10 mx.example.com.\n"
                         "example.com. TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
                         "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"\n";

Watched watched(bool ours = true) {
  Watched all;
  all.hostname = "mx.example.com";
  all.addresses = {{*IpAddress::parse("192.0.2.1"), ours}};
  all.domains = {{"example.com"}};
  WatchedList list;
  list.name = "zen";
  list.zone = "zen.test";
  all.lists = {list};
  return all;
}

// All but what is good: "PTR wrong", "zen dnsbl cannot ask", in order.
std::string faults_in(const std::string& zone, const Watched& what) {
  const auto resolver = test::zone(zone);
  std::vector<std::string> words;
  for (const auto& one : look(*resolver, what, Deadline::in(std::chrono::seconds(20))))
    if (one.standing != Standing::good) words.push_back(one.title() + ' ' + std::string(to_string(one.standing)));
  std::sort(words.begin(), words.end());
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string without(std::string zone, const std::string& start) {
  const auto at = zone.find(start);
  REQUIRE(at != std::string::npos);
  return zone.erase(at, zone.find('\n', at) + 1 - at);
}

}  // namespace

TEST_CASE("reputation looks: a table of zones") {
  struct Row {
    std::string zone, want;
    bool ours = true;
  };
  const Row rows[] = {
      {good, ""},
      {good + "1.2.0.192.zen.test. A 127.0.0.4\n", "dnsbl zen listed"},
      // An answer that means an error, of one address, and of the whole list.
      {good + "1.2.0.192.zen.test. A 127.255.255.254\n", "dnsbl zen cannot ask"},
      {good + "1.0.0.127.zen.test. A 127.255.255.254\n1.2.0.192.zen.test. A 127.0.0.2\n",
       "dnsbl cannot ask, dnsbl zen not asked"},
      {good + "1.0.0.127.zen.test. A 127.0.0.2\n1.2.0.192.zen.test. A 127.0.0.2\n",
       "dnsbl cannot ask, dnsbl zen not asked"},
      {without(good, "2.0.0.127"), "dnsbl cannot ask, dnsbl zen not asked"},
      {without(good, "1.2.0.192"), "PTR wrong, forward not asked"},
      {without(good, "mx.example.com. A"), "HELO wrong, MX wrong, forward wrong"},
      {without(good, "mx.example.com. A"), "MX wrong, forward wrong", false},
      {without(good, "1.2.0.192") + "1.2.0.192.in-addr.arpa. PTR other.example.com.\nother.example.com. A 192.0.2.1\n",
       ""},
      {without(good, "example.com. MX"), "MX wrong"},
      {without(good, "example.com. TXT"), "SPF wrong"},
      {without(good, "example.com. TXT") + "example.com. TXT \"v=spf1 ~all\"\n", "SPF wrong"},
      {without(good, "example.com. TXT") + "example.com. TXT \"v=spf1 a:mx.example.com -all\"\n", ""},
      {without(good, "_dmarc"), "DMARC wrong"},
      {good + "_dmarc.example.com. TXT \"v=DMARC1; p=none\"\n", "DMARC wrong"},
      {without(good, "_dmarc") + "_dmarc.example.com. TXT \"v=DMARC1; p=whatever\"\n", "DMARC wrong"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.zone);
    CHECK(faults_in(row.zone, watched(row.ours)) == row.want);
  }
}

TEST_CASE("reputation looks: a name server that does not answer is cannot ask, of everything, in time") {
  class Silent final : public dns::Resolver {
    dns::AnswerPtr ask(const dns::Question&, Deadline, std::function<void(dns::AnswerPtr)>) override {
      return dns::temperror("timeout");
    }
  } silent;
  Watched all = watched();
  for (int i = 2; i < 100; ++i) all.addresses.push_back({*IpAddress::parse("192.0.2." + std::to_string(i)), true});
  const auto findings = look(silent, all, Deadline::in(std::chrono::seconds(20)));
  CHECK(std::ranges::none_of(findings, [](const Finding& one) {
    return one.standing == Standing::good || one.standing == Standing::listed || one.standing == Standing::wrong;
  }));
  CHECK(exit_status(findings) == 2);
}

TEST_CASE("reputation looks: DKIM records of our keys") {
  Watched all = watched();
  all.domains[0].keys = {std::make_shared<DkimKey>(DkimKey{"example.com", "s1", std::make_shared<NoSigner>(), false})};
  struct Row {
    std::string record, want;
  };
  const Row rows[] = {{"", "DKIM s1 wrong"},
                      {"v=DKIM1; k=ed25519; p=AAAA", "DKIM s1 wrong"},
                      {"v=DKIM1; k=ed25519; p=", "DKIM s1 wrong"}};
  for (const auto& row : rows) {
    CAPTURE(row.record);
    const auto zone = row.record.empty() ? good : good + "s1._domainkey.example.com. TXT \"" + row.record + "\"\n";
    CHECK(faults_in(zone, all) == row.want);
  }
}

TEST_CASE("reputation: exit status") {
  const auto of = [](std::initializer_list<Standing> standings) {
    std::vector<Finding> findings;
    for (const auto one : standings) findings.emplace_back().standing = one;
    return exit_status(findings);
  };
  CHECK(of({}) == 0);
  CHECK(of({Standing::good, Standing::kept}) == 0);
  CHECK(of({Standing::good, Standing::blind}) == 2);
  CHECK(of({Standing::blind, Standing::listed}) == 1);
  CHECK(of({Standing::wrong}) == 1);
}

TEST_CASE("reputation: what came from the DNS is only text in a report") {
  const auto resolver =
      test::zone(good + "1.2.0.192.zen.test. A 127.0.0.4\n1.2.0.192.zen.test. TXT \"\\027[2Jx\\010y\"\n");
  const Watched all = watched();
  const auto findings = look(*resolver, all, Deadline::in(std::chrono::seconds(20)));
  const ReputationReport report{all, findings, {}, WallTime()};
  const auto text = report_text(report, false);
  CHECK(text.find("127.0.0.4: ?[2Jx?y\n") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.ends_with("1 address, 1 domain, 1 DNSBL: 1 listed, 0 wrong, 0 could not be asked\n"));
  CHECK(report_json(report).find('\x1b') == std::string::npos);
}

TEST_CASE("reputation: removal pages") {
  struct Row {
    std::string_view zone, subject, want;
  };
  const Row rows[] = {
      {"zen.spamhaus.org", "192.0.2.1", "https://check.spamhaus.org/query/ip/192.0.2.1"},
      {"abc123.zen.dq.spamhaus.net", "2001:db8::1", "https://check.spamhaus.org/query/ip/2001:db8::1"},
      {"dbl.spamhaus.org", "example.com", "https://check.spamhaus.org/query/domain/example.com"},
      {"abc123.dbl.dq.spamhaus.net", "example.com", "https://check.spamhaus.org/query/domain/example.com"},
      {"dnsbl-1.uceprotect.net", "192.0.2.1", "https://www.uceprotect.net/en/rblcheck.php?ipr=192.0.2.1"},
      {"notspamhaus.org", "192.0.2.1", ""},
      {"list.example", "192.0.2.1", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.zone);
    CHECK(removal_page(known_removal_page(row.zone), row.subject) == row.want);
  }
  CHECK(removal_page("https://x.test/{address}?{domain}&{address}", "a b/\"") ==
        "https://x.test/a%20b%2F%22?a%20b%2F%22&a%20b%2F%22");
  const auto text = removal_text("192.0.2.1", "secret.zen.dq.spamhaus.net", "127.0.0.4", "mx.example.com");
  CHECK(text.find("from zen.dq.spamhaus.net.") != std::string::npos);
  CHECK(text.find("secret") == std::string::npos);
}

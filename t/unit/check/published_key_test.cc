// SPDX-License-Identifier: BSD-2-Clause
// Whether a key is published: at every authoritative server, behind an alias too.
#include "check/published_key.h"

#include <map>

#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/dns_fixture.h"
#include "adapter/keys/openssl_signer.h"
#include "check/key_record.h"

using namespace mailweir;
using namespace mailweir::test;

namespace {

DkimKey key_of(const char* pem) {
  const dkim_keys::TemporaryFile file(pem);
  auto loaded = load_signing_key(file.path());
  REQUIRE(loaded);
  return {"example.com", "s1", loaded->signer, false};
}

std::string told(const ServerAnswer& answer) {
  return std::string(to_string(answer.what)) + (answer.detail.empty() ? "" : ": " + answer.detail);
}

}  // namespace

TEST_CASE("published key: what a record says of a key") {
  const DkimKey rsa = key_of(dkim_keys::rsa_pem), ed25519 = key_of(dkim_keys::ed25519_pem);
  const std::string p = dkim_keys::rsa_public, e = dkim_keys::ed25519_public;
  struct Row {
    const DkimKey& key;
    std::string records;
    std::string_view want;
  };
  const Row rows[] = {
      {rsa, "TXT \"" + key_record(*rsa.signer) + '"', "published"},
      {ed25519, "TXT \"" + key_record(*ed25519.signer) + '"', "published"},
      {rsa, "TXT \"p=" + p + '"', "published"},
      {rsa, "TXT \"k=RSA; p=" + p.substr(0, 20) + " \" \"" + p.substr(20) + '"', "published"},
      {rsa, "TXT \"v=DKIM1; t=s:y; p=" + p + '"', "published: t=y: verifiers may treat it as a test (RFC 6376 3.6.1)"},
      {rsa, "TXT \"v=DKIM1; h=sha1:sha256; s=email; p=" + p + '"', "published"},
      {rsa, "TXT \"v=DKIM1; s=tlsrpt:*; p=" + p + '"', "published"},
      {rsa, "TXT \"v=DKIM1; h=sha1; p=" + p + '"', "another key: h= does not allow sha256"},
      {rsa, "TXT \"v=DKIM1; s=tlsrpt; p=" + p + '"', "another key: s= does not allow email"},
      {rsa, "A 192.0.2.1", "missing"},
      {rsa, "TXT \"v=DKIM1; p=\"", "revoked: p= is empty (RFC 6376 3.6.1)"},
      {rsa, "TXT \"v=DKIM1; k=ed25519; p=" + e + '"', "another key: k=ed25519, the key is rsa"},
      {ed25519, "TXT \"v=DKIM1; p=" + e + '"', "another key: k=rsa, the key is ed25519"},
      {rsa, "TXT \"v=DKIM1; p=" + e + '"', "another key: p= is another key's"},
      {rsa, "TXT \"v=DKIM1; p=%%%\"", "unreadable: p= is not base64"},
      {rsa, "TXT \"v=spf1 -all\"", "unreadable: v= is not DKIM1"},
      {rsa, "TXT \"k=rsa\"", "unreadable: p= is missing"},
      {rsa, "TXT one\nx TXT two",
       "unreadable: 2 TXT records; verifiers take any one of them, leave one (RFC 6376 3.6.2.2)"},
      {rsa, "SERVFAIL", "no answer: SERVFAIL"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.records);
    const auto server = zone("x " + row.records + "\n");
    CHECK(told(compare_with(row.key, lookups_in(*server)->get({"x", dns::Type::TXT}))) == row.want);
  }
}

TEST_CASE("published key: every server is asked, at its own address") {
  const DkimKey key = key_of(dkim_keys::ed25519_pem);
  const std::string record = "\"" + key_record(*key.signer) + "\"\n";
  const auto everybody = zone(
      "example.com NS ns2.example.net\nexample.com NS ns1.example.net\nns1.example.net A 192.0.2.1\n"
      "ns1.example.net AAAA 2001:db8::1\nns2.example.net A 192.0.2.2\nhoster.example NS ns.hoster.example\n"
      "ns.hoster.example A 192.0.2.3\nlost.example NS ns.nowhere.example\n"
      "s1._domainkey.alias.example CNAME s1.alias.example.dk.hoster.example\n"
      "s1._domainkey.round.example CNAME s2._domainkey.round.example\n"
      "s2._domainkey.round.example CNAME s1._domainkey.round.example\nbroken.example SERVFAIL\n");
  struct Row {
    const char* label;
    std::string domain;
    std::map<std::string, std::string> servers;  // what each has
    std::string want;
    bool everywhere;
  };
  const std::string there = "s1._domainkey.example.com TXT " + record;
  const Row rows[] = {
      {"all have it",
       "example.com",
       {{"192.0.2.1", there}, {"2001:db8::1", there}, {"192.0.2.2", there}},
       "ns1.example.net 192.0.2.1 published, ns1.example.net 2001:db8::1 published, ns2.example.net 192.0.2.2 "
       "published, ",
       true},
      {"one lags behind",
       "example.com",
       {{"192.0.2.1", there}, {"2001:db8::1", there}, {"192.0.2.2", "x A 192.0.2.9\n"}},
       "ns1.example.net 192.0.2.1 published, ns1.example.net 2001:db8::1 published, ns2.example.net 192.0.2.2 "
       "missing, ",
       false},
      {"one is silent",
       "example.com",
       {{"192.0.2.1", there}, {"192.0.2.2", there}},
       "ns1.example.net 192.0.2.1 published, ns1.example.net 2001:db8::1 no answer, ns2.example.net 192.0.2.2 "
       "published, ",
       true},
      {"all are silent",
       "example.com",
       {},
       "ns1.example.net 192.0.2.1 no answer, ns1.example.net 2001:db8::1 no answer, ns2.example.net 192.0.2.2 no "
       "answer, ",
       false},
      {"an alias",
       "alias.example",
       {{"192.0.2.3", "s1.alias.example.dk.hoster.example TXT " + record}},
       "ns.hoster.example 192.0.2.3 published, ",
       true},
      {"aliases in a circle", "round.example", {}, "more than 4 aliases follow each other", false},
      {"no name server",
       "nothing.example",
       {},
       "the name servers of s1._domainkey.nothing.example are not in the DNS",
       false},
      {"a name server without an address", "lost.example", {}, "ns.nowhere.example - no answer, ", false},
      {"a zone that cannot be asked", "broken.example", {}, "broken.example NS: SERVFAIL", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.label);
    DkimKey other = key;
    other.domain = row.domain;
    const auto lookups = lookups_in(*everybody);
    const auto found = find_publication(other, *lookups,
                                        [&](const IpAddress& server, const dns::Question& question) -> dns::AnswerPtr {
                                          const auto text = row.servers.find(server.to_string());
                                          if (text == row.servers.end()) return nullptr;
                                          const auto resolver = zone(text->second);
                                          return resolver->ask(question, Deadline::in(std::chrono::seconds(5)), {});
                                        });
    std::string text = found.trouble;
    for (const auto& server : found.servers)
      text += server.server + ' ' + (server.address == IpAddress() ? "-" : server.address.to_string()) + ' ' +
              std::string(to_string(server.what)) + ", ";
    CHECK(text == row.want);
    CHECK(found.is_everywhere() == row.everywhere);
  }
}

// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <chrono>

#include "../fixture/cpu_time.h"
#include "../fixture/no_signer.h"
#include "check/key_ring.h"

using namespace mailweir;

namespace {

const SignerPtr signer = std::make_shared<NoSigner>();

std::string found(const KeyRing& ring, std::string_view domain) {
  std::string text;
  for (const auto& key : ring.find(domain)) text += (text.empty() ? "" : " ") + key->selector + "/" + key->domain;
  return text;
}

}  // namespace

TEST_CASE("key ring: which keys sign for a domain") {
  const auto ring = KeyRing::make({{"example.com", "a", signer, false},
                                   {"example.com", "b", signer, true},
                                   {"Example.COM.", "c", signer, true},
                                   {"low.example.com", "d", signer, false},
                                   {"other.example", "e", signer, false},
                                   {"b\xc3\xbc"
                                    "cher.example",
                                    "2026.mail", signer, true}});
  REQUIRE(ring);
  CHECK(ring->domains() == 4);
  struct Row {
    const char *domain, *want;
  };
  const Row rows[] = {
      {"example.com", "b/example.com c/example.com a/example.com"},
      {"low.example.com", "d/low.example.com"},  // its own, not its parent's
      {"x.example.com", "b/example.com c/example.com"},
      {"x.y.example.com", "b/example.com c/example.com"},
      {"x.low.example.com", "b/example.com c/example.com"},  // the nearest with `subdomains`
      {"badexample.com", ""},
      {"other.example", "e/other.example"},
      {"x.other.example", ""},
      {"com", ""},
      {"", ""},
      {"xn--bcher-kva.example", "2026.mail/xn--bcher-kva.example"},
      {"www.xn--bcher-kva.example", "2026.mail/xn--bcher-kva.example"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.domain);
    CHECK(found(*ring, row.domain) == row.want);
  }
}

TEST_CASE("key ring: a key that cannot be used leaves its domain unsigned, and no other") {
  const auto ring = KeyRing::make({{"example.com", "a", signer, true}, {"b.example", "a", signer, false}},
                                  {{{"low.example.com", "x", nullptr, false}, "x.pem: no"},
                                   {{"B.example", "y", nullptr, true}, "y.pem: no"},
                                   {{"b.example", "z", nullptr, false}, "z.pem: no"}});
  REQUIRE(ring);
  struct Row {
    const char *domain, *want, *troubles;
    bool known;
  };
  const Row rows[] = {
      {"example.com", "a/example.com", "", true},
      {"low.example.com", "", "x.pem: no ", true},
      {"x.example.com", "a/example.com", "", true},
      {"b.example", "a/b.example", "y.pem: no z.pem: no ", true},
      {"x.b.example", "", "y.pem: no ", true},
      {"x.low.example.com", "a/example.com", "", true},
      {"other.example", "", "", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.domain);
    std::string troubles;
    for (const auto& trouble : ring->troubles(row.domain)) troubles += trouble + ' ';
    CHECK(found(*ring, row.domain) == row.want);
    CHECK(troubles == row.troubles);
    CHECK(ring->knows(row.domain) == row.known);
  }
  CHECK(KeyRing::make({{"example.com", "a", signer, false}}, {{{"example.com", "A", nullptr, false}, "no"}})
            .error()
            .what.find("is given twice") != std::string::npos);
}

TEST_CASE("key ring: mistakes are named") {
  struct Row {
    const char *domain, *selector;
    SignerPtr signer;
    const char* want;
  };
  const Row rows[] = {
      {"exa mple", "a", signer, "\"exa mple\" is not a valid domain name"},
      {"example.com", "", signer, "example.com: \"\" is not a selector"},
      {"example.com", "a b", signer, "\"a b\" is not a selector"},
      {"example.com", "a", nullptr, "a._domainkey.example.com: no key was loaded"},
      {"Example.NET", "A", signer, "a._domainkey.example.net is given twice"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.want);
    const auto got =
        KeyRing::make({{"example.net", "a", signer, false}, {row.domain, row.selector, row.signer, false}});
    REQUIRE_FALSE(got);
    CHECK(got.error().what.find(row.want) != std::string::npos);
  }
}

TEST_CASE("key ring: a hundred thousand domains") {
  std::vector<DkimKey> keys;
  for (int i = 0; i < 100'000; ++i)
    keys.push_back({"customer" + std::to_string(i) + ".example", "s", signer, i % 2 == 0});
  const auto ring = KeyRing::make(std::move(keys));
  REQUIRE(ring);
  CHECK(ring->domains() == 100'000);
  std::size_t hits = 0;
  const auto cost = test::cpu_time([&] {
    for (int i = 0; i < 100'000; ++i) hits += ring->find("mail.customer" + std::to_string(i) + ".example").size();
  });
  CHECK(hits == 50'000);
  CHECK(cost < std::chrono::seconds(2));  // 20 us each; it takes well under one
}

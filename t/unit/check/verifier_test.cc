// SPDX-License-Identifier: BSD-2-Clause
// DKIM verification: the words, on messages that others signed.
#include <cstring>

#include "../fixture/verifier_fixture.h"

using namespace mailweir;
using namespace mailweir::test;
using namespace std::chrono_literals;

namespace {

// Each verifier with each size of pieces.
std::vector<std::pair<By, std::size_t>> combinations(std::initializer_list<std::size_t> pieces) {
  std::vector<std::pair<By, std::size_t>> all;
  for (const auto& by : verifiers())
    for (const auto piece : pieces) all.emplace_back(by, piece);
  return all;
}

}  // namespace

TEST_CASE("verifier: what others signed passes, in chunks of any size") {
  struct Row {
    std::vector<std::string> signatures;
    std::string want;
  };
  const Row rows[] = {
      {{}, ""},
      {{rfc_ed25519}, "pass"},
      {{rfc_rsa}, "pass"},
      {{rfc_ed25519, rfc_rsa}, "pass pass"},
      {{signed_simple}, "pass"},
      {{signed_mixed}, "pass"},
      {{signed_length}, "pass"},
      {{signed_below}, "pass"},
      {{signed_simple, rfc_rsa, signed_mixed}, "pass pass pass"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.want);
    for (const auto& one : combinations({0U, 1U, 2U, 7U})) {
      const auto& by = one.first;
      const auto piece = one.second;
      CAPTURE(by.name);
      CAPTURE(piece);
      Fields fields = dinner({});
      for (auto i = row.signatures.rbegin(); i != row.signatures.rend(); ++i)
        fields.insert(fields.begin(), {"DKIM-Signature", *i});
      const auto result = verify(fields, body, key_zone(rsa_tags()), piece, by.judge);
      CHECK(words_of(result) == row.want);
      CHECK(to_string(result.word) == (row.signatures.empty() ? "none" : "pass"));
      if (row.signatures.empty()) continue;
      CHECK(result.passed() == std::vector<std::string>{"football.example.com"});
      CHECK(result.signatures.front().domain == "football.example.com");
      CHECK(result.signatures.front().start.size() == 8);
    }
  }
}

TEST_CASE("verifier: line ends of the body are CRLF, whatever the MTA hands over") {
  for (const auto& one : combinations({0U, 1U, 3U})) {
    const auto& by = one.first;
    const auto piece = one.second;
    CAPTURE(by.name);
    CHECK(words_of(verify(dinner({rfc_rsa, signed_simple}), "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n",
                          key_zone(rsa_tags()), piece, by.judge)) == "pass pass");
  }
}

TEST_CASE("verifier: a message that was changed on its way") {
  Fields other_subject = dinner({rfc_rsa, signed_simple});
  other_subject[4].value = " Is breakfast ready?";
  Fields spaced = dinner({rfc_rsa, signed_simple});
  spaced[4].value = "  Is dinner   ready? ";
  Fields second_from = dinner({rfc_rsa, signed_mixed});
  second_from.push_back({"From", " Eve <eve@evil.example>"});
  Fields unsigned_field = dinner({rfc_rsa, signed_simple});
  unsigned_field.push_back({"X-Added", " on the way"});
  Fields spaced_names = dinner({rfc_rsa, signed_simple});
  spaced_names[4].name += ' ';
  struct Row {
    std::string label;
    Fields fields;
    std::string body;
    std::string want;
  };
  const Row rows[] = {
      {"another subject", other_subject, body, "fail fail"},
      {"blanks in a header field: relaxed bears it", spaced, body, "pass fail"},
      // The first signs From twice, so a second one shows; the other is fooled by design (RFC 6376 8.15).
      {"another From", second_from, body, "fail fail"},
      {"a field that is not signed", unsigned_field, body, "pass pass"},
      {"another body", dinner({rfc_rsa, signed_simple}), "Hi.\r\n\r\nWe won the game.\r\n", "fail fail"},
      {"more body", dinner({rfc_rsa, signed_simple}), std::string(body) + "PS.\r\n", "fail fail"},
      {"more body behind l=", dinner({signed_length}), std::string(body) + "Click here.\r\n", "policy"},
      {"less body than l=", dinner({signed_length}), "Hi.\r\n", "fail"},
      {"empty lines at the end", dinner({rfc_rsa, signed_simple}), std::string(body) + "\r\n\r\n", "pass pass"},
      {"blanks at a line's end", dinner({rfc_rsa, signed_simple}), replaced(body, "Hi.", "Hi. "), "pass fail"},
      {"no body", dinner({rfc_rsa}), "", "fail"},
      {"no line end at the body's end", dinner({rfc_rsa, signed_simple}), std::string(body, std::strlen(body) - 2),
       "pass pass"},  // RFC 6376 3.4.3
      {"half a line end there", dinner({rfc_rsa, signed_simple}), std::string(body, std::strlen(body) - 1),
       "fail fail"},
      {"a blank behind a name", spaced_names, body, "pass fail"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    for (const auto& by : verifiers()) {
      CAPTURE(by.name);
      CHECK(words_of(verify(row.fields, row.body, key_zone(rsa_tags()), 0, by.judge)) == row.want);
    }
  }
}

TEST_CASE("verifier: the key, and what may be wrong with it") {
  const std::string at(rsa_name);
  struct Row {
    std::string label;
    std::string zone;
    std::string want, reason;
  };
  const Row rows[] = {
      {"there is none", "", "permerror", "does not exist"},
      {"no record of that type", at + " A 192.0.2.1\n", "permerror", "does not exist"},
      {"SERVFAIL", at + " SERVFAIL\n", "temperror", "SERVFAIL"},
      {"time-out", at + " TIMEOUT\n", "temperror", "timeout"},
      {"revoked", at + " TXT \"v=DKIM1; k=rsa; p=\"\n", "permerror", "revoked"},
      {"no key tag", at + " TXT \"v=DKIM1; k=rsa\"\n", "permerror", "is not a key record"},
      {"another key", at + " TXT \"v=DKIM1; k=rsa; p=" + weak_public + "\"\n", "policy", "less than 1024"},
      {"a key of 32 bytes for RSA", at + " TXT \"p=" + dkim_keys::ed25519_public + "\"\n", "permerror",
       "cannot be read"},
      {"as PKCS #1 (RFC 6376 3.6.1)", at + " TXT \"v=DKIM1; k=rsa; p=" + pkcs1(dkim_keys::rsa_public) + "\"\n", "pass",
       "good"},
      {"another one as PKCS #1", at + " TXT \"v=DKIM1; k=rsa; p=" + pkcs1(weak_public) + "\"\n", "policy",
       "less than 1024"},
      {"with bytes behind it",
       at + " TXT \"v=DKIM1; k=rsa; p=" + to_base64(*from_base64(dkim_keys::rsa_public) + "x") + "\"\n", "permerror",
       "cannot be read"},
      {"no base64", at + " TXT \"v=DKIM1; k=rsa; p=?!\"\n", "permerror", ""},
      {"base64 that is no key", at + " TXT \"v=DKIM1; k=rsa; p=AAAA\"\n", "permerror", ""},
      {"of another kind", at + " TXT \"v=DKIM1; k=dsa; p=" + std::string(dkim_keys::rsa_public) + "\"\n", "permerror",
       ""},
      {"of another version", at + " TXT \"v=DKIM2; k=rsa; p=" + std::string(dkim_keys::rsa_public) + "\"\n",
       "permerror", ""},
      {"for another hash", at + " TXT \"" + rsa_tags("h=sha1; ") + "\"\n", "permerror", ""},
      {"not for mail", at + " TXT \"" + rsa_tags("s=tlsrpt; ") + "\"\n", "permerror", ""},
      {"two records", at + " TXT \"" + rsa_tags() + "\"\n TXT \"" + rsa_tags("n=again; ") + "\"\n", "permerror",
       "several"},
      {"beside another record", at + " TXT \"" + rsa_tags() + "\"\n TXT \"hello\"\n", "pass", "good"},
      {"marked as a test", at + " TXT \"" + rsa_tags("t=y; ") + "\"\n", "pass", "test"},
      {"defaults left out", at + " TXT \"p=" + std::string(dkim_keys::rsa_public) + "\"\n", "pass", "good"},
      {"a long record", at + " TXT \"" + rsa_tags("n=" + std::string(200, 'x') + "; ") + "\"" + strings(5) + "\n",
       "permerror", "p="},
      {"too long a record", at + " TXT \"" + rsa_tags() + "\"" + strings(16) + "\n", "permerror", "too long"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    for (const auto& by : verifiers()) {
      CAPTURE(by.name);
      const auto result = verify(dinner({rfc_rsa}), body, row.zone, 0, by.judge);
      CHECK(words_of(result) == row.want);
      CHECK(to_string(result.word) == row.want);
      CHECK_MESSAGE(result.signatures.front().reason.find(row.reason) != std::string::npos,
                    result.signatures.front().reason);
      CHECK(result.passed().empty() == (row.want != "pass"));
    }
  }
}

TEST_CASE("verifier: signatures that must not pass, and those that cannot be read") {
  struct Row {
    std::string label;
    std::string signature;
    std::string want;
  };
  const Row rows[] = {
      {"rsa-sha1 (RFC 8301)", signed_sha1, "permerror"},
      {"768 bits (RFC 8301)", signed_weak, "policy"},
      {"expired", replaced(rfc_rsa, "t=1528637909;", "t=1528637000; x=1528637100;"), "fail"},
      {"expires before it was made", replaced(rfc_rsa, "t=1528637909;", "t=1528637909; x=1528630000;"), "fail"},
      {"from the future", replaced(rfc_rsa, "t=1528637909;", "t=1998637909;"), "fail"},
      {"From is not signed", replaced(replaced(rfc_rsa, "h=from :", "h="), "message-id : from :", "message-id :"),
       "permerror"},
      {"another version", replaced(rfc_rsa, "v=1", "v=2"), "neutral"},
      {"an unknown algorithm", replaced(rfc_rsa, "rsa-sha256", "rsa-sha512"), "neutral"},
      {"an unknown canonicalisation", replaced(rfc_rsa, "relaxed/relaxed", "strict/relaxed"), "neutral"},
      {"no domain", replaced(rfc_rsa, " d=football.example.com;", ""), "neutral"},
      {"no selector", replaced(rfc_rsa, " s=test;", ""), "neutral"},
      {"no b=", replaced(rfc_rsa, "b=F45d", "bb=F45d"), "neutral"},
      {"an identity elsewhere", replaced(rfc_rsa, "i=@football.example.com", "i=@evil.example"), "permerror"},
      {"a key that does not fit", replaced(rfc_rsa, "s=test;", "s=brisbane;"), "permerror"},
      {"a changed b=", replaced(rfc_rsa, "b=F45dVW", "b=F45dVX"), "fail"},
      {"no tag list", " hello", "neutral"},
      {"nothing", "", "neutral"},
      {"tags without end", " v=1; " + std::string(100'000, 'a'), "neutral"},
      {"a NUL", replaced(rfc_rsa, "s=test;", std::string_view("s=te\0st;", 8)), "neutral"},
      {"bytes", replaced(rfc_rsa, "s=test;", "s=\xff\xfe\x01;"), "neutral"},
      {"a selector of 3,000 bytes", replaced(rfc_rsa, "s=test;", "s=" + std::string(3000, 'x') + ";"), "permerror"},
      {"a domain of many labels",
       replaced(rfc_rsa, "d=football.example.com; i=@football.example.com",
                "d=" + replaced(std::string(2000, '.'), ".", "a")),
       "permerror"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    for (const auto& by : verifiers()) {
      CAPTURE(by.name);
      const auto result = verify(dinner({row.signature}), body, key_zone(rsa_tags()), 0, by.judge);
      CHECK_MESSAGE(words_of(result) == row.want, result.reason);
      CHECK(result.passed().empty());
      // Nothing of it stands in the way of one that is good.
      const auto beside = verify(dinner({row.signature, rfc_ed25519}), body, key_zone(rsa_tags()), 0, by.judge);
      CHECK(to_string(beside.word) == "pass");
    }
  }
}

TEST_CASE("verifier: flags of the key (RFC 6376 3.6.1)") {
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    CHECK(words_of(verify(dinner({signed_below}), body, key_zone(rsa_tags("t=s; ")), 0, by.judge)) == "permerror");
    CHECK(words_of(verify(dinner({rfc_rsa}), "Hello\r\n", key_zone(rsa_tags("t=y; ")), 0, by.judge)) == "neutral");
  }
}

TEST_CASE("verifier: a temporary failure counts more than a bad signature, and less than a good one") {
  const auto trouble =
      std::string(rsa_name) +
      " SERVFAIL\nbrisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; p=" + dkim_keys::ed25519_public +
      "\"\n";
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    CHECK(to_string(verify(dinner({rfc_rsa, rfc_ed25519}), body, trouble, 0, by.judge).word) == "pass");
    CHECK(to_string(verify(dinner({rfc_rsa, rfc_ed25519}), "Hello\r\n", trouble, 0, by.judge).word) == "temperror");
  }
}

TEST_CASE("verifier: a thousand signatures are not all looked at") {
  Fields fields;
  for (int i = 0; i < 1000; ++i)
    fields.push_back({"DKIM-Signature", replaced(rfc_rsa, "s=test", "s=s" + std::to_string(i))});
  for (auto& field : dinner({})) fields.push_back(field);
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    const auto result = verify(fields, body, key_zone(rsa_tags()), 0, by.judge);
    CHECK(result.signatures.size() == most_signatures);
    CHECK(result.unread == 1000 - most_signatures);
    CHECK(to_string(result.word) == "permerror");
    CHECK(result.reason.find("990 more") != std::string::npos);
  }
}

TEST_CASE("verifier: what our own signer makes passes, until it expires") {
  const dkim_keys::TemporaryFile file(dkim_keys::rsa_pem);
  const auto loaded = load_signing_key(file.path());
  REQUIRE(loaded);
  DkimKey key;
  key.domain = "football.example.com";
  key.selector = "test";
  key.signer = loaded->signer;
  for (const Canon canon : {Canon::relaxed, Canon::simple}) {
    CAPTURE(to_string(canon));
    SignPolicy policy;
    policy.header_canon = policy.body_canon = canon;
    policy.good_for = 1h;
    HeaderList headers;
    for (const auto& field : dinner({})) REQUIRE(headers.receive(field.name, field.value));
    BodyHashes hashes(*openssl_digests(), {canon == Canon::simple, canon == Canon::relaxed});
    hashes.write(body);
    hashes.finish();
    const auto covered = cover(headers, policy);
    REQUIRE(covered);
    const auto now = SystemClock().wall();
    const auto value = sign(*covered, hashes.hash(canon), key, policy, now);
    REQUIRE(value);
    for (const auto& by : verifiers()) {
      const auto fresh = verify(dinner({" " + *value}), body, key_zone(rsa_tags()), 0, by.judge);
      CHECK_MESSAGE(words_of(fresh) == "pass", fresh.reason);
    }
    const auto stale = sign(*covered, hashes.hash(canon), key, policy, now - 2h);
    REQUIRE(stale);
    CHECK(words_of(verify(dinner({" " + *stale}), body, key_zone(rsa_tags()))) == "fail");
  }
}

TEST_CASE("verifier: an MTA that keeps the blank after the colon to itself") {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers(HeaderTraits{.leading_space = false, .utf8 = false});
  for (const auto& field : dinner({rfc_rsa, signed_simple}))
    REQUIRE(headers.receive(field.name, field.value.substr(1)));
  const auto zone = test::zone(key_zone(rsa_tags()));
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    const auto lookups = test::lookups_in(*zone);
    const auto verification = verifier->begin(headers, by.judge);
    verification->write(body);
    CHECK(words_of(verification->finish(*lookups)) == "pass pass");
  }
}

TEST_CASE("verifier: nothing is asked for what cannot be verified anyway") {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers;
  for (const auto& field : dinner({" hello", rfc_rsa, replaced(rfc_rsa, "v=1", "v=3")}))
    REQUIRE(headers.receive(field.name, field.value));
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    const auto verification = verifier->begin(headers, by.judge);
    REQUIRE(verification->keys().size() == 1);
    CHECK(verification->keys().front() == dns::Question{std::string(rsa_name), dns::Type::TXT});
  }
}

TEST_CASE("verifier: one that is dropped half-way") {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers;
  for (const auto& field : dinner({rfc_rsa})) REQUIRE(headers.receive(field.name, field.value));
  for (const auto& by : verifiers()) {
    const auto verification = verifier->begin(headers, by.judge);
    verification->write("Hi.\r\n");
    CHECK(verification->keys().size() == 1);
  }
}

// SPDX-License-Identifier: BSD-2-Clause
// DKIM verification: the words, on messages that others signed; and on signatures that are good but for one thing.
#include <doctest/doctest.h>

#include "adapter/openssl_digest.h"
#include "adapter/openssl_public_key.h"
#include "adapter/openssl_signer.h"
#include "base/base64.h"
#include "check/body_hashes.h"
#include "check/dkim_sign.h"
#include "check/dkim_verify.h"
#include "dkim_keys.h"
#include "dkim_signatures.h"
#include "dns_fixture.h"

using namespace mailweir;
using namespace mailweir::dkim_signatures;
using namespace std::chrono_literals;

namespace {

constexpr const char* body = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
constexpr std::string_view rsa_name = "test._domainkey.football.example.com";

std::string key_zone(std::string_view rsa_tags) {
  return std::string(rsa_name) + " TXT \"" + std::string(rsa_tags) + "\"\n" + "brisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; p=" +
         dkim_keys::ed25519_public + "\"\n" + "weak._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=" + weak_public + "\"\n";
}
std::string rsa_tags(const std::string& more = "") { return "v=DKIM1; k=rsa; " + more + "p=" + dkim_keys::rsa_public; }

using Fields = std::vector<HeaderField>;

Fields dinner(std::initializer_list<std::string> signatures) {
  Fields fields;
  for (const auto& value : signatures) fields.push_back({"DKIM-Signature", value});
  for (const auto& [name, value] : Fields{{"From", " Joe SixPack <joe@football.example.com>"},
                                          {"To", " Suzie Q <suzie@shopping.example.net>"},
                                          {"Subject", " Is dinner ready?"},
                                          {"Date", " Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"},
                                          {"Message-ID", " <20030712040037.46341.5F8J@football.example.com>"}})
    fields.push_back({name, value});
  return fields;
}

DkimResult verify(const Fields& fields, std::string_view text, const std::string& zone_text, std::size_t piece = 0) {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers;
  for (const auto& field : fields) REQUIRE(headers.receive(field.name, field.value));
  const auto zone = test::zone(zone_text);
  const auto lookups = test::lookups_in(*zone);
  const auto verification = verifier->begin(headers);
  for (const auto& key : verification->keys()) lookups->want(key);
  if (piece == 0) piece = text.size() + 1;
  for (std::size_t at = 0; at < text.size(); at += piece) verification->write(text.substr(at, piece));
  return verification->finish(*lookups);
}

std::string words_of(const DkimResult& result) {
  std::string words;
  for (const auto& signature : result.signatures) words += (words.empty() ? "" : " ") + std::string(to_string(signature.word));
  return words;
}

// An RSAPublicKey (PKCS #1) out of a SubjectPublicKeyInfo, whose last part it is.
std::string pkcs1(std::string_view public_key) {
  const auto whole = *from_base64(public_key);
  const std::size_t string = (whole[1] == '\x81' ? 3 : 2) + 15;  // the BIT STRING, behind the algorithm
  const std::size_t bits = string + (whole[string + 1] == '\x81' ? 4 : 3);
  return to_base64(whole.substr(bits));
}

// So many strings of 250 octets, behind a TXT record's first.
std::string strings(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += " \"" + std::string(250, 'y') + "\"";
  return text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
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
    for (const std::size_t piece : {0U, 1U, 2U, 7U}) {
      CAPTURE(piece);
      Fields fields = dinner({});
      for (auto i = row.signatures.rbegin(); i != row.signatures.rend(); ++i) fields.insert(fields.begin(), {"DKIM-Signature", *i});
      const auto result = verify(fields, body, key_zone(rsa_tags()), piece);
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
  for (const std::size_t piece : {0U, 1U, 3U})
    CHECK(words_of(verify(dinner({rfc_rsa, signed_simple}), "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n", key_zone(rsa_tags()), piece)) == "pass pass");
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
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    CHECK(words_of(verify(row.fields, row.body, key_zone(rsa_tags()))) == row.want);
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
      {"no key tag", at + " TXT \"v=DKIM1; k=rsa\"\n", "permerror", "is no key record"},
      {"another key", at + " TXT \"v=DKIM1; k=rsa; p=" + weak_public + "\"\n", "policy", "less than 1024"},
      {"a key of 32 bytes for RSA", at + " TXT \"p=" + dkim_keys::ed25519_public + "\"\n", "permerror", "cannot be read"},
      {"as PKCS #1 (RFC 6376 3.6.1)", at + " TXT \"v=DKIM1; k=rsa; p=" + pkcs1(dkim_keys::rsa_public) + "\"\n", "pass", "good"},
      {"another one as PKCS #1", at + " TXT \"v=DKIM1; k=rsa; p=" + pkcs1(weak_public) + "\"\n", "policy", "less than 1024"},
      {"with bytes behind it", at + " TXT \"v=DKIM1; k=rsa; p=" + to_base64(*from_base64(dkim_keys::rsa_public) + "x") + "\"\n", "permerror", "cannot be read"},
      {"no base64", at + " TXT \"v=DKIM1; k=rsa; p=?!\"\n", "permerror", ""},
      {"base64 that is no key", at + " TXT \"v=DKIM1; k=rsa; p=AAAA\"\n", "permerror", ""},
      {"of another kind", at + " TXT \"v=DKIM1; k=dsa; p=" + std::string(dkim_keys::rsa_public) + "\"\n", "permerror", ""},
      {"of another version", at + " TXT \"v=DKIM2; k=rsa; p=" + std::string(dkim_keys::rsa_public) + "\"\n", "permerror", ""},
      {"for another hash", at + " TXT \"" + rsa_tags("h=sha1; ") + "\"\n", "permerror", ""},
      {"not for mail", at + " TXT \"" + rsa_tags("s=tlsrpt; ") + "\"\n", "permerror", ""},
      {"two records", at + " TXT \"" + rsa_tags() + "\"\n TXT \"" + rsa_tags("n=again; ") + "\"\n", "permerror", "several"},
      {"beside another record", at + " TXT \"" + rsa_tags() + "\"\n TXT \"hello\"\n", "pass", "good"},
      {"marked as a test", at + " TXT \"" + rsa_tags("t=y; ") + "\"\n", "pass", "test"},
      {"defaults left out", at + " TXT \"p=" + std::string(dkim_keys::rsa_public) + "\"\n", "pass", "good"},
      {"a long record", at + " TXT \"" + rsa_tags("n=" + std::string(200, 'x') + "; ") + "\"" + strings(5) + "\n", "permerror", "p="},
      {"too long a record", at + " TXT \"" + rsa_tags() + "\"" + strings(16) + "\n", "permerror", "too long"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto result = verify(dinner({rfc_rsa}), body, row.zone);
    CHECK(words_of(result) == row.want);
    CHECK(to_string(result.word) == row.want);
    CHECK_MESSAGE(result.signatures.front().reason.find(row.reason) != std::string::npos, result.signatures.front().reason);
    CHECK(result.passed().empty() == (row.want != "pass"));
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
      {"From is not signed", replaced(replaced(rfc_rsa, "h=from :", "h="), "message-id : from :", "message-id :"), "permerror"},
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
      {"a domain of many labels", replaced(rfc_rsa, "d=football.example.com; i=@football.example.com", "d=" + replaced(std::string(2000, '.'), ".", "a")), "permerror"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    const auto result = verify(dinner({row.signature}), body, key_zone(rsa_tags()));
    CHECK_MESSAGE(words_of(result) == row.want, result.reason);
    CHECK(result.passed().empty());
    // Nothing of it stands in the way of one that is good.
    const auto beside = verify(dinner({row.signature, rfc_ed25519}), body, key_zone(rsa_tags()));
    CHECK(to_string(beside.word) == "pass");
  }
}

namespace {

// A signature that is good but for what its tags say: made over From and the body with the key of RFC 8463.
std::string made(const std::string& tags) {
  static const dkim_keys::TemporaryFile file(dkim_keys::ed25519_pem);
  static const auto loaded = load_signing_key(file.path());
  REQUIRE(loaded);
  BodyHashes hashes(*openssl_digests(), {false, true});
  hashes.write(body);
  hashes.finish();
  const std::string value = " v=1; a=ed25519-sha256; c=relaxed/relaxed; h=from; " + tags + " bh=" + hashes.hash(Canon::relaxed) + "; b=";
  std::string data;
  append_canonical_header(data, Canon::relaxed, "From", " a@ed.example");
  append_canonical_header(data, Canon::relaxed, "DKIM-Signature", value);
  data.resize(data.size() - 2);
  const auto signature = loaded->signer->sign(data);
  REQUIRE(signature);
  return value + to_base64(*signature);
}

std::string txt(const std::string& name, const std::string& text) { return name + " TXT \"" + text + "\"\n"; }

}  // namespace

TEST_CASE("verifier: tags of a signature that decide alone (RFC 6376 3.2, 3.5; RFC 8616)") {
  const std::string there = "s._domainkey.ed.example", book = "s._domainkey.xn--bcher-kva.example", good = std::string("v=DKIM1; k=ed25519; p=") + dkim_keys::ed25519_public;
  struct Row {
    std::string tags, name, want;
  };
  const Row rows[] = {
      {"d=ed.example; s=s;", there, "pass"},
      {"d=ed.example; s=s; t=0;", there, "pass"},
      {"d=ed.example; s=s; t=1;", there, "pass"},
      {"d=ed.example; s=s; t=999999999999;", there, "fail"},
      {"d=ed.example; s=s; t=99999999999999999999999;", there, "fail"},
      {"d=ed.example; s=s; t=now;", there, "neutral"},
      {"d=ed.example; s=s; t=-1;", there, "neutral"},
      {"d=ed.example; s=s; t=;", there, "neutral"},
      {"d=ed.example; s=s; x=99999999999999999999999;", there, "pass"},
      {"d=ed.example; s=s; x=0;", there, "fail"},
      {"d=ed.example; s=s; t=2000000000; x=1900000000;", there, "fail"},
      {"d=ed.example; s=s; d=ed.example;", there, "neutral"},
      {"d=ed.example; s=s; c=relaxed/relaxed;", there, "neutral"},
      {"d=ed.example; s=s; zz=1; zz=1;", there, "neutral"},
      {"d=ed.example; s=s; zz=1; ZZ=1;", there, "pass"},
      {"d=ed.example; s=s; z=From:x|To:y;", there, "pass"},
      {"d=ed.example; s=s;;", there, "neutral"},
      {"d=ed.example; s=s; 1z=1;", there, "neutral"},
      {"d=ed.example; s=s; z z=1;", there, "neutral"},
      {"d = ed.example ; s\t=\n s;", there, "pass"},
      {"d=ed.exa\n mple; s=s;", there, "pass"},
      {"d=ed.example; s=s; q=dns/txt;", there, "pass"},
      {"d=ed.example; s=s; q=http;", there, "permerror"},
      {"d=ed.example; s=s; q=dns;", there, "permerror"},
      {"d=ed.example; s=s; q=dns/a;", there, "permerror"},
      {"d=ed.example; s=s; q=http : dns/txt;", there, "pass"},
      {"d=ed.example; s=s; l=0;", there, "fail"},
      {"d=ed.example; s=s; l=99999999999999999999999;", there, "fail"},
      {"d=ed.example; s=s; l=ten;", there, "neutral"},
      {"d=ed.example; s=s; i=@ed.example;", there, "pass"},
      {"d=ed.example; s=s; i=joe=40x@Sub.ED.example;", there, "pass"},
      {"d=ed.example; s=s; i=@ed.example.evil.test;", there, "permerror"},
      {"d=ed.example; s=s; i=joe;", there, "permerror"},
      {"d=ed.example; s=s; i=@;", there, "permerror"},
      {"d=ed.example.; s=s;", there, "pass"},
      {"d=ed..example; s=s;", there, "permerror"},
      {"d=ed.example; s=s..s;", there, "permerror"},
      {"d=b\xc3\xbc" "cher.example; s=s;", book, "pass"},
      {"d=B\xc3\x9c" "CHER.example; s=s; i=@b\xc3\xbc" "cher.example;", book, "pass"},
      {"d=xn--bcher-kva.example; s=s; i=j\xc3\xb6" "e@sub.b\xc3\xbc" "cher.example;", book, "pass"},
      {"d=b\xc3\xbc" "cher.example; s=s; i=@sub.xn--bcher-kva.example;", book, "pass"},
      {"d=b\xc3\xbc" "cher.example; s=s; i=@k\xc3\xbc" "che.example;", book, "permerror"},
      {"d=ed.example; s=\xc3\xbc;", "xn--tda._domainkey.ed.example", "pass"},
      {"d=b\xfc" "cher.example; s=s;", book, "neutral"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tags);
    const auto result = verify({{"DKIM-Signature", made(row.tags)}, {"From", " a@ed.example"}}, body, txt(row.name, good));
    CHECK_MESSAGE(words_of(result) == row.want, result.reason);
  }
}

TEST_CASE("verifier: tags of a key that decide alone (RFC 6376 3.6.1, RFC 8463 4)") {
  const std::string p = dkim_keys::ed25519_public;
  struct Row {
    std::string record, want;
  };
  const Row rows[] = {
      {"v=DKIM1; k=ed25519; p=" + p, "pass"},
      {"k=ed25519; p=" + p, "pass"},
      {"p=" + p + ";k=ed25519;", "pass"},
      {"v=DKIM1; k=ed25519; p = " + p, "pass"},
      {"v = DKIM1 ; k = ed25519 ; p\t=\t" + p + " ; ", "pass"},
      {"v=DKIM1; k=ed25519; p=" + p.substr(0, 20) + " " + p.substr(20), "pass"},
      {"v=DKIM1; k=ed25519; p=" + p.substr(0, p.size() - 1), "pass"},
      {"v=DKIM1; k=ed25519; n=a note; zz=1; p=" + p, "pass"},
      {"v=DKIM1; k=ed25519; h=sha256; s=email; t=y:s; p=" + p, "pass"},
      {"v=DKIM1; k=ed25519; h=sha1 : sha256; s=* ; p=" + p, "pass"},
      {"k=ed25519; v=DKIM1; p=" + p, "permerror"},
      {"v=DKIM2; k=ed25519; p=" + p, "permerror"},
      {"v=dkim1; k=ed25519; p=" + p, "permerror"},
      {"v=; k=ed25519; p=" + p, "permerror"},
      {"v=DKIM1; p=" + p, "permerror"},
      {"v=DKIM1; k=rsa; p=" + p, "permerror"},
      {"v=DKIM1; k=; p=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; p=" + p + "; p=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; k=ed25519; p=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; n=a; n=b; p=" + p, "permerror"},
      {"v=DKIM1;; k=ed25519; p=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; p=" + p + "; junk", "permerror"},
      {"v=DKIM1; k=ed25519; h=sha1; p=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; s=other; p=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; p=" + p.substr(0, 40), "permerror"},
      {"v=DKIM1; k=ed25519; P=" + p, "permerror"},
      {"v=DKIM1; k=ed25519; p=", "permerror"},
      {"v=DKIM1; k=ed25519; p=" + std::string(dkim_keys::rsa_public), "permerror"},
  };
  const auto signature = made("d=ed.example; s=s;");
  for (const auto& row : rows) {
    CAPTURE(row.record);
    const auto result = verify({{"DKIM-Signature", signature}, {"From", " a@ed.example"}}, body, txt("s._domainkey.ed.example", row.record));
    CHECK_MESSAGE(words_of(result) == row.want, result.reason);
  }
}

TEST_CASE("verifier: two signatures of one selector have the key looked at for each (its kind, its flags)") {
  const auto zone = txt("s._domainkey.ed.example", std::string("v=DKIM1; k=ed25519; t=s; p=") + dkim_keys::ed25519_public);
  const auto result = verify({{"DKIM-Signature", made("d=ed.example; s=s;")}, {"DKIM-Signature", made("d=ed.example; s=s; i=@sub.ed.example;")},
                              {"DKIM-Signature", replaced(made("d=ed.example; s=s;"), "ed25519-sha256", "rsa-sha256")}, {"From", " a@ed.example"}}, body, zone);
  CHECK(words_of(result) == "pass permerror permerror");
}

TEST_CASE("verifier: a signed message without a usable From (RFC 8601 2.7.1)") {
  const auto zone = txt("s._domainkey.ed.example", std::string("v=DKIM1; k=ed25519; p=") + dkim_keys::ed25519_public);
  struct Row {
    std::string label;
    Fields fields;
    std::string want;
  };
  const Row rows[] = {
      {"none", {}, "permerror"},
      {"an empty one", {{"From", " "}}, "permerror"},
      {"no address", {{"From", " undisclosed"}}, "permerror"},
      {"no domain", {{"From", " <joe>"}}, "permerror"},
      {"two, of which one is signed", {{"From", " eve@evil.example"}, {"From", " a@ed.example"}}, "pass"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.label);
    Fields fields = row.fields;
    fields.insert(fields.begin(), {"DKIM-Signature", made("d=ed.example; s=s;")});
    const auto result = verify(fields, body, zone);
    CHECK(words_of(result) == row.want);
    CHECK(to_string(result.word) == row.want);
  }
}

TEST_CASE("verifier: carriage returns in the body that end no line are bytes like others") {
  for (const std::size_t piece : {0U, 1U, 2U, 3U})
    CHECK(words_of(verify(dinner({signed_cr_relaxed, signed_cr_simple}), cr_body, key_zone(rsa_tags()), piece)) == "pass pass");
}

TEST_CASE("verifier: h= and header of any size are work in proportion") {
  std::string names = "from";
  for (int i = 0; i < 10'000; ++i) names += ":x";
  Fields fields{{"From", " a@ed.example"}};
  for (int i = 0; i < 4'000; ++i) fields.push_back({"X", " y"});
  for (int i = 0; i < 10; ++i) fields.insert(fields.begin(), {"DKIM-Signature", replaced(made("d=ed.example; s=s;"), "h=from", "h=" + names)});
  const auto result = verify(fields, body, txt("s._domainkey.ed.example", std::string("v=DKIM1; k=ed25519; p=") + dkim_keys::ed25519_public));
  CHECK(result.signatures.size() == 10);
  CHECK(to_string(result.word) == "fail");
}

TEST_CASE("verifier: flags of the key (RFC 6376 3.6.1)") {
  CHECK(words_of(verify(dinner({signed_below}), body, key_zone(rsa_tags("t=s; ")))) == "permerror");
  CHECK(words_of(verify(dinner({rfc_rsa}), "Hello\r\n", key_zone(rsa_tags("t=y; ")))) == "neutral");
}

TEST_CASE("verifier: a temporary failure counts more than a bad signature, and less than a good one") {
  const auto trouble = std::string(rsa_name) + " SERVFAIL\nbrisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; p=" +
                       dkim_keys::ed25519_public + "\"\n";
  CHECK(to_string(verify(dinner({rfc_rsa, rfc_ed25519}), body, trouble).word) == "pass");
  CHECK(to_string(verify(dinner({rfc_rsa, rfc_ed25519}), "Hello\r\n", trouble).word) == "temperror");
}

TEST_CASE("verifier: a thousand signatures are not all looked at") {
  Fields fields;
  for (int i = 0; i < 1000; ++i) fields.push_back({"DKIM-Signature", replaced(rfc_rsa, "s=test", "s=s" + std::to_string(i))});
  for (auto& field : dinner({})) fields.push_back(field);
  const auto result = verify(fields, body, key_zone(rsa_tags()));
  CHECK(result.signatures.size() == most_signatures);
  CHECK(result.unread == 1000 - most_signatures);
  CHECK(to_string(result.word) == "permerror");
  CHECK(result.reason.find("990 more") != std::string::npos);
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
    const auto fresh = verify(dinner({" " + *value}), body, key_zone(rsa_tags()));
    CHECK_MESSAGE(words_of(fresh) == "pass", fresh.reason);
    const auto stale = sign(*covered, hashes.hash(canon), key, policy, now - 2h);
    REQUIRE(stale);
    CHECK(words_of(verify(dinner({" " + *stale}), body, key_zone(rsa_tags()))) == "fail");
  }
}

TEST_CASE("verifier: an MTA that keeps the blank after the colon to itself") {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers(HeaderTraits{.leading_space = false, .utf8 = false});
  for (const auto& field : dinner({rfc_rsa, signed_simple})) REQUIRE(headers.receive(field.name, field.value.substr(1)));
  const auto zone = test::zone(key_zone(rsa_tags()));
  const auto lookups = test::lookups_in(*zone);
  const auto verification = verifier->begin(headers);
  verification->write(body);
  CHECK(words_of(verification->finish(*lookups)) == "pass pass");
}

TEST_CASE("verifier: nothing is asked for what cannot be verified anyway") {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers;
  for (const auto& field : dinner({" hello", rfc_rsa, replaced(rfc_rsa, "v=1", "v=3")})) REQUIRE(headers.receive(field.name, field.value));
  const auto verification = verifier->begin(headers);
  REQUIRE(verification->keys().size() == 1);
  CHECK(verification->keys().front() == dns::Question{std::string(rsa_name), dns::Type::TXT});
}

TEST_CASE("verifier: one that is dropped half-way") {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers;
  for (const auto& field : dinner({rfc_rsa})) REQUIRE(headers.receive(field.name, field.value));
  for (int i = 0; i < 3; ++i) {
    const auto verification = verifier->begin(headers);
    verification->write("Hi.\r\n");
    CHECK(verification->keys().size() == 1);
  }
}

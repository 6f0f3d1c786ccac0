// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <algorithm>

#include "../fixture/dkim_keys.h"
#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_signer.h"
#include "base/base64.h"
#include "check/body_hashes.h"
#include "check/dkim_sign.h"

using namespace mailweir;
using namespace std::chrono_literals;
using dkim_keys::TemporaryFile;

namespace {

const WallTime now{1528637909s};

SignerPtr load(const char* pem) {
  const TemporaryFile file(pem);
  auto loaded = load_signing_key(file.path());
  REQUIRE(loaded);
  return loaded->signer;
}

std::string body_hash(Canon canon, std::string_view text) {
  const auto digests = openssl_digests();
  BodyHashes hashes(*digests, {.simple = true, .relaxed = true});
  hashes.write(text);
  hashes.finish();
  return hashes.hash(canon);
}

HeaderList list_of(const std::vector<HeaderField>& fields, HeaderTraits traits = {}) {
  HeaderList list(traits);
  for (const auto& field : fields) REQUIRE(list.receive(field.name, field.value));
  return list;
}

std::string tag(const std::string& value, const std::string& name) {
  std::string flat = unfolded(value);
  flat.erase(std::remove_if(flat.begin(), flat.end(), [](char c) { return c == ' ' || c == '\t'; }), flat.end());
  for (const auto part : split(flat, ';'))
    if (part.starts_with(name + '=')) return std::string(part.substr(name.size() + 1));
  return "(none)";
}

// Remembers what it was asked to sign.
struct FakeSigner final : Signer {
  explicit FakeSigner(KeyKind which = KeyKind::ed25519, std::string out = std::string(64, 's'))
      : kind_(which), signature(std::move(out)) {}
  KeyKind kind() const override { return kind_; }
  unsigned bits() const override { return 256; }
  Result<std::string> sign(std::string_view bytes) const override {
    data = bytes;
    if (signature.empty()) return Error{"out of order"};
    return signature;
  }
  std::string public_key() const override { return ""; }
  KeyKind kind_;
  std::string signature;
  mutable std::string data;
};

const std::vector<HeaderField> dinner = {{"From", " Joe SixPack <joe@football.example.com>"},
                                         {"To", " Suzie Q <suzie@shopping.example.net>"},
                                         {"Subject", " Is dinner ready?"},
                                         {"Date", " Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"},
                                         {"Message-ID", " <20030712040037.46341.5F8J@football.example.com>"}};

}  // namespace

TEST_CASE("dkim: the example of RFC 8463 appendix A, byte for byte") {
  const auto hash = body_hash(Canon::relaxed, "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n");
  CHECK(hash == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  struct Row {
    const char *pem, *field, *b;
  };
  const Row rows[] = {
      {dkim_keys::ed25519_pem,
       " v=1; a=ed25519-sha256; c=relaxed/relaxed;\n d=football.example.com; i=@football.example.com;\n"
       " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n subject : date : message-id : from : subject : date;\n"
       " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n b=",
       "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="},
      {dkim_keys::rsa_pem,
       " v=1; a=rsa-sha256; c=relaxed/relaxed;\n d=football.example.com; i=@football.example.com;\n"
       " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n date : message-id : from : subject : date;\n"
       " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n b=",
       "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+"
       "FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2JzdA+"
       "L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="},
  };
  for (const auto& row : rows) {
    CAPTURE(row.field);
    std::string data;
    for (const auto& field : dinner) append_canonical_header(data, Canon::relaxed, field.name, field.value);
    append_canonical_header(data, Canon::relaxed, "DKIM-Signature", row.field);
    data.resize(data.size() - 2);
    const auto signature = load(row.pem)->sign(data);
    REQUIRE(signature);
    CHECK(to_base64(*signature) == row.b);
  }
}

TEST_CASE("dkim: body hashes everybody knows (RFC 6376 3.4.3, 3.4.4)") {
  CHECK(body_hash(Canon::simple, "") == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  CHECK(body_hash(Canon::relaxed, "") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  const auto digests = openssl_digests();
  BodyHashes relaxed_only(*digests, {});
  relaxed_only.write("a\r\n");
  relaxed_only.finish();
  CHECK(relaxed_only.hash(Canon::simple).empty());
  CHECK(relaxed_only.size() == 3);
}

TEST_CASE("dkim: what a signature covers") {
  struct Row {
    const char* what;
    std::vector<HeaderField> fields;
    const char *names, *text;
  };
  SignPolicy policy;
  policy.oversigned = {"From", "Subject", "Cc"};
  policy.oversigned_if_there = {"List-Id", "Sender"};
  policy.signed_if_there = {"Resent-To", "Received"};  // Received is left out even if asked for
  const Row rows[] = {
      {"each once",
       {{"Subject", " s"}, {"X-Other", " x"}, {"FROM", " a@b.example"}},
       "From From Subject Subject Cc",
       "from:a@b.example\r\nsubject:s\r\n"},
      {"duplicates from the last to the first",
       {{"From", " one"}, {"Subject", " 1"}, {"from", " two"}, {"subject", " 2"}},
       "From From From Subject Subject Subject Cc",
       "from:two\r\nfrom:one\r\nsubject:2\r\nsubject:1\r\n"},
      {"if there",
       {{"Received", " x"}, {"Resent-To", " r1"}, {"Resent-To", " r2"}, {"From", " a"}, {"List-Id", " <l>"}},
       "From From Subject Cc List-Id List-Id Resent-To Resent-To",
       "from:a\r\nlist-id:<l>\r\nresent-to:r2\r\nresent-to:r1\r\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const auto covered = cover(list_of(row.fields), policy);
    REQUIRE(covered);
    std::string names;
    for (const auto& name : covered->names) names += (names.empty() ? "" : " ") + name;
    CHECK(names == row.names);
    CHECK(covered->text == row.text);
  }
  CHECK(cover(list_of({{"Subject", " s"}}), policy).error().what.find("no From") != std::string::npos);
  HeaderList many;
  for (int i = 0; i < 501; ++i) many.receive("Subject", " s");
  many.receive("From", " a");
  CHECK(cover(many, policy).error().what.find("more than 500") != std::string::npos);
}

TEST_CASE("dkim: what a next server adds is not oversigned where it is missing") {
  SignPolicy policy;
  policy.oversigned = {"From", "Date", "message-id", "To"};
  CHECK(cover(list_of({{"From", " a"}}), policy)->names == std::vector<std::string>{"From", "From", "To"});
  CHECK(cover(list_of({{"From", " a"}, {"Date", " d"}, {"Message-ID", " <m>"}}), policy)->names ==
        std::vector<std::string>{"From", "From", "Date", "Date", "message-id", "message-id", "To"});
}

TEST_CASE("dkim: signed is what leaves") {
  auto list = list_of({{"Subject", " old"}, {"From", " a"}, {"Reply-To", " gone"}});
  list.replace("subject", "new", HeaderList::Which::all);
  list.remove("reply-to");
  list.add(HeaderList::Place::end, "Cc", "added");
  SignPolicy policy;
  policy.oversigned = {"From", "Subject", "Reply-To", "Cc"};
  CHECK(cover(list, policy)->text == "from:a\r\nsubject:new\r\ncc:added\r\n");
}

TEST_CASE("dkim: simple header needs the blank after the colon, else relaxed") {
  SignPolicy policy;
  policy.header_canon = Canon::simple;
  policy.oversigned = {"From"};
  const auto simple = cover(list_of({{"From", "  a\n\tb "}}), policy);
  CHECK(simple->canon == Canon::simple);
  CHECK_FALSE(simple->fell_back);
  CHECK(simple->text == "From:  a\r\n\tb \r\n");
  const auto relaxed = cover(list_of({{"From", " a\n\tb "}}, {.leading_space = false, .utf8 = false}), policy);
  CHECK(relaxed->canon == Canon::relaxed);
  CHECK(relaxed->fell_back);
  CHECK(relaxed->text == "from:a b\r\n");
  const auto fake = std::make_shared<FakeSigner>();
  const auto value = sign(*relaxed, "hash", {"example.com", "s", fake, false}, policy, now);
  CHECK(tag(*value, "c") == "relaxed/relaxed");
}

TEST_CASE("dkim: the tags, and the bytes that are signed") {
  const auto covered = cover(list_of(dinner), {});
  REQUIRE(covered);
  for (const Canon canon : {Canon::relaxed, Canon::simple}) {
    SignPolicy policy;
    policy.header_canon = canon;
    policy.body_canon = Canon::simple;
    policy.good_for = 24h;
    const auto list = list_of(dinner);
    const auto fake = std::make_shared<FakeSigner>();
    const auto value = sign(*cover(list, policy), "bodyhash", {"example.com", "2026a", fake, false}, policy, now,
                            "j\xc3\xb6 e;=@Sub.Example.com");
    REQUIRE(value);
    CAPTURE(*value);
    CHECK(tag(*value, "v") == "1");
    CHECK(tag(*value, "a") == "ed25519-sha256");
    CHECK(tag(*value, "c") == std::string(to_string(canon)) + "/simple");
    CHECK(tag(*value, "d") == "example.com");
    CHECK(tag(*value, "s") == "2026a");
    CHECK(tag(*value, "t") == "1528637909");
    CHECK(tag(*value, "x") == "1528724309");
    CHECK(tag(*value, "i") == "j=C3=B6=20e=3B=3D@sub.example.com");
    CHECK(tag(*value, "bh") == "bodyhash");
    CHECK(tag(*value, "l") == "(none)");
    CHECK(tag(*value, "b") == to_base64(fake->signature));
    CHECK(tag(*value, "h").starts_with("From:From:Reply-To:Subject:Subject:"));
    // What a verifier puts together: its own view of the field, the value of b= taken out, no CRLF at the end.
    std::string want = cover(list, policy)->text;
    append_canonical_header(want, canon, "DKIM-Signature", ' ' + value->substr(0, value->rfind("b=") + 2));
    want.resize(want.size() - 2);
    CHECK(fake->data == want);
  }
}

TEST_CASE("dkim: the value can go to an MTA as it is, folded") {
  const std::string long_domain = std::string(60, 'a') + '.' + std::string(60, 'b') + ".example";
  for (const std::string& domain : {std::string("example.com"), std::string("a.example"), long_domain}) {
    for (const std::size_t size : {64u, 128u, 256u, 512u}) {
      const auto fake = std::make_shared<FakeSigner>(KeyKind::rsa, std::string(size, '\xfe'));
      const auto value =
          sign(*cover(list_of(dinner), {}), body_hash(Canon::relaxed, "x"), {domain, "s", fake, false}, {}, now);
      REQUIRE(value);
      CAPTURE(*value);
      CHECK(safe_header_value(*value, false) == *value);
      const std::string field = "DKIM-Signature: " + *value;
      for (const auto line : split(field, '\n')) {
        CAPTURE(line);
        if (line.find(long_domain) == line.npos) CHECK(line.size() < 78);
        CHECK(line.find_first_not_of(" \t") != line.npos);
      }
      for (const auto line : split(*value, '\n')) CHECK((line.data() == value->data() || line.starts_with('\t')));
      HeaderList list = list_of(dinner);
      REQUIRE(list.add(HeaderList::Place::top, signature_field, *value));
      CHECK(list.ops() == std::vector<HeaderOp>{{HeaderOp::Kind::insert, "DKIM-Signature", 0, ' ' + *value}});
    }
  }
}

TEST_CASE("dkim: several keys sign the same, none covers another's") {
  auto list = list_of(dinner);
  const auto one = std::make_shared<FakeSigner>(), two = std::make_shared<FakeSigner>(KeyKind::rsa);
  const auto covered = cover(list, {});
  const auto first = sign(*covered, "hash", {"example.com", "a", one, false}, {}, now);
  list.add(HeaderList::Place::top, signature_field, *first);
  CHECK(cover(list, {})->text == covered->text);
  const auto second = sign(*cover(list, {}), "hash", {"example.com", "b", two, false}, {}, now);
  CHECK(tag(*second, "a") == "rsa-sha256");
  CHECK(two->data.find("s=a") == std::string::npos);
  CHECK(tag(*first, "h").find("DKIM") == std::string::npos);
}

TEST_CASE("dkim: what cannot be signed") {
  const auto covered = *cover(list_of(dinner), {});
  const DkimKey key{"example.com", "s", std::make_shared<FakeSigner>(), false};
  CHECK(sign(covered, "", key, {}, now).error().what.find("no body hash of the canonicalisation relaxed") == 0);
  for (const char* identity : {"a@other.example", "a@badexample.com", "a", "@", "a@exa mple.com"}) {
    CAPTURE(identity);
    CHECK(sign(covered, "hash", key, {}, now, identity).error().what.find("not an address at or below example.com") !=
          std::string::npos);
  }
  CHECK(sign(covered, "hash", key, {}, now, "@example.com"));
  const DkimKey broken{"example.com", "s", std::make_shared<FakeSigner>(KeyKind::rsa, ""), false};
  const auto got = sign(covered, "hash", broken, {}, now);
  REQUIRE_FALSE(got);
  CHECK(got.error().what == "DKIM key s._domainkey.example.com: out of order");
  CHECK(got.error().temporary);
}

TEST_CASE("dkim: fields that a provider adds are covered where they are there") {
  const SignPolicy plain;
  SignPolicy from_only;
  from_only.oversign_from_only();
  CHECK(from_only.check());
  CHECK(from_only.oversigned == std::vector<std::string>{"From"});
  CHECK(from_only.signed_if_there.size() ==
        plain.oversigned.size() - 1 + plain.oversigned_if_there.size() + plain.signed_if_there.size());
  const auto count = [](const SignPolicy& policy, const HeaderList& list, std::string_view name) {
    const auto covered = cover(list, policy);
    return std::count(covered->names.begin(), covered->names.end(), name);
  };
  const auto bare = list_of({{"From", " a"}});
  for (const std::string name : {"Feedback-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Subject", "To", "Date"}) {
    CAPTURE(name);
    const auto list = list_of({{"From", " a"}, {name, " x"}});
    CHECK(count(plain, list, name) == 2);
    CHECK(count(plain, bare, name) == (name == "Subject" || name == "To" ? 1 : 0));
    CHECK(count(from_only, list, name) == 1);
    CHECK(count(from_only, bare, name) == 0);
    CHECK(count(from_only, list, "From") == 2);
  }
}

TEST_CASE("dkim: which of Subject, To and Date stay open") {
  SignPolicy policy;
  CHECK(policy.open_fields().empty());
  policy.oversigned = {"From", "to"};
  CHECK(policy.open_fields() == std::vector<std::string>{"Subject", "Date"});
  policy.signed_if_there.push_back("SUBJECT");
  CHECK(policy.open_fields() == std::vector<std::string>{"Date"});
}

TEST_CASE("dkim: sign policy") {
  CHECK(SignPolicy().check());
  struct Row {
    const char* what;
    void (*change)(SignPolicy&);
    const char* want;
  };
  const Row rows[] = {
      {"no From", [](SignPolicy& p) { p.oversigned = {"To"}; }, "From must be signed"},
      {"never", [](SignPolicy& p) { p.signed_if_there.push_back("return-path"); }, "\"return-path\" is never signed"},
      {"bcc", [](SignPolicy& p) { p.oversigned.push_back("BCC"); }, "\"BCC\" is never signed"},
      {"no name", [](SignPolicy& p) { p.oversigned.push_back("To:"); }, "\"To:\" is not the name"},
      {"semicolon", [](SignPolicy& p) { p.oversigned.push_back("T;o"); }, "h= has no way"},
      {"twice", [](SignPolicy& p) { p.signed_if_there.push_back("SUBJECT"); }, "\"SUBJECT\" is named twice"},
      {"no time", [](SignPolicy& p) { p.good_for = 0s; }, "good for some time"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    SignPolicy policy;
    row.change(policy);
    const auto got = policy.check();
    REQUIRE_FALSE(got);
    CHECK(got.error().what.find(row.want) != std::string::npos);
  }
}

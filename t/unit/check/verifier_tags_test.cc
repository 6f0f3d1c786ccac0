// SPDX-License-Identifier: BSD-2-Clause
// DKIM verification: signatures that are good but for one thing, and keys.
#include "../fixture/verifier_fixture.h"

using namespace mailweir;
using namespace mailweir::test;

namespace {

// A signature that is good but for what its tags say: made over From and the body with the key of RFC 8463.
std::string made(const std::string& tags) {
  static const dkim_keys::TemporaryFile file(dkim_keys::ed25519_pem);
  static const auto loaded = load_signing_key(file.path());
  REQUIRE(loaded);
  BodyHashes hashes(*openssl_digests(), {false, true});
  hashes.write(body);
  hashes.finish();
  const std::string value =
      " v=1; a=ed25519-sha256; c=relaxed/relaxed; h=from; " + tags + " bh=" + hashes.hash(Canon::relaxed) + "; b=";
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
  const std::string there = "s._domainkey.ed.example", book = "s._domainkey.xn--bcher-kva.example",
                    good = std::string("v=DKIM1; k=ed25519; p=") + dkim_keys::ed25519_public;
  struct Row {
    std::string tags, name, want;
    Theirs theirs{};
  };
  const Theirs ascii_only{"neutral", "it refuses bytes beyond ASCII"};
  const Row rows[] = {
      {"d=ed.example; s=s;", there, "pass"},
      {"d=ed.example; s=s; t=0;", there, "pass"},
      {"d=ed.example; s=s; t=1;", there, "pass"},
      {"d=ed.example; s=s; t=999999999999;", there, "fail"},
      {"d=ed.example; s=s; t=99999999999999999999999;", there, "fail"},
      {"d=ed.example; s=s; t=now;", there, "neutral"},
      {"d=ed.example; s=s; t=-1;", there, "neutral"},
      {"d=ed.example; s=s; t=;", there, "neutral"},
      {"d=ed.example; s=s; x=99999999999999999999999;", there, "pass", {"neutral", "it reads 64 bits"}},
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
      {"d=ed.example; s=s; q=DNS/TXT;", there, "pass"},  // a literal (RFC 5234 2.3)
      {"d=ed.example; s=s; q=dns;", there, "permerror"},
      {"d=ed.example; s=s; q=dns/a;", there, "permerror"},
      {"d=ed.example; s=s; q=http : dns/txt;", there, "pass"},
      {"d=ed.example; s=s; l=0;", there, "fail"},
      {"d=ed.example; s=s; l=99999999999999999999999;", there, "fail"},
      {"d=ed.example; s=s; l=ten;", there, "neutral"},
      {"d=ed.example; s=s; i=@ed.example;", there, "pass"},
      {"d=ed.example; s=s; i=joe=40x@Sub.ED.example;", there, "pass"},
      {"d=ed.example; s=s; i=joe=40@ed.example;",
       there,
       "pass",
       {"neutral", "it ends the local part at the first @, decoded"}},
      {"d=ed.example; s=s; i=@ed.example.evil.test;", there, "permerror"},
      {"d=ed.example; s=s; i=joe;", there, "permerror"},
      {"d=ed.example; s=s; i=@;", there, "permerror"},
      {"d=ed.example.; s=s;", there, "pass"},
      {"d=ed..example; s=s;", there, "permerror"},
      {"d=ed.example; s=s..s;", there, "permerror"},
      {"d=b\xc3\xbc"
       "cher.example; s=s;",
       book, "pass", ascii_only},
      {"d=B\xc3\x9c"
       "CHER.example; s=s; i=@b\xc3\xbc"
       "cher.example;",
       book, "pass", ascii_only},
      {"d=xn--bcher-kva.example; s=s; i=j\xc3\xb6"
       "e@sub.b\xc3\xbc"
       "cher.example;",
       book, "pass", ascii_only},
      {"d=b\xc3\xbc"
       "cher.example; s=s; i=@sub.xn--bcher-kva.example;",
       book, "pass", ascii_only},
      {"d=b\xc3\xbc"
       "cher.example; s=s; i=@k\xc3\xbc"
       "che.example;",
       book, "permerror"},
      {"d=ed.example; s=\xc3\xbc;", "xn--tda._domainkey.ed.example", "pass", ascii_only},
      {"d=b\xfc"
       "cher.example; s=s;",
       book, "neutral"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.tags);
    for (const auto& by : verifiers()) {
      CAPTURE(by.name);
      const auto result = verify({{"DKIM-Signature", made(row.tags)}, {"From", " a@ed.example"}}, body,
                                 txt(row.name, good), 0, by.judge);
      CHECK_MESSAGE(words_of(result) == wanted(by, row.want, row.theirs), result.reason);
    }
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
      {"v=DKIM1; k=ED25519; h=SHA256; s=EMail; p=" + p, "pass"},  // literals (RFC 5234 2.3)
      {"v=DKIM1; k=ed25519; s=tlsrpt : *; p=" + p, "pass"},
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
    for (const auto& by : verifiers()) {
      CAPTURE(by.name);
      const auto result = verify({{"DKIM-Signature", signature}, {"From", " a@ed.example"}}, body,
                                 txt("s._domainkey.ed.example", row.record), 0, by.judge);
      CHECK_MESSAGE(words_of(result) == row.want, result.reason);
    }
  }
}

TEST_CASE("verifier: two signatures of one selector have the key looked at for each (its kind, its flags)") {
  const auto zone =
      txt("s._domainkey.ed.example", std::string("v=DKIM1; k=ed25519; t=s; p=") + dkim_keys::ed25519_public);
  const Fields fields{{"DKIM-Signature", made("d=ed.example; s=s;")},
                      {"DKIM-Signature", made("d=ed.example; s=s; i=@sub.ed.example;")},
                      {"DKIM-Signature", replaced(made("d=ed.example; s=s;"), "ed25519-sha256", "rsa-sha256")},
                      {"From", " a@ed.example"}};
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    CHECK(words_of(verify(fields, body, zone, 0, by.judge)) == "pass permerror permerror");
  }
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
    for (const auto& by : verifiers()) {
      CAPTURE(by.name);
      const auto result = verify(fields, body, zone, 0, by.judge);
      CHECK(words_of(result) == row.want);
      CHECK(to_string(result.word) == row.want);
    }
  }
}

TEST_CASE("verifier: carriage returns in the body that end no line are bytes like others") {
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    for (const std::size_t piece : {0U, 1U, 2U, 3U}) {
      CAPTURE(piece);
      CHECK(words_of(verify(dinner({signed_cr_relaxed, signed_cr_simple}), cr_body, key_zone(rsa_tags()), piece,
                            by.judge)) == "pass pass");
    }
  }
}

TEST_CASE("verifier: h= and header of any size are work in proportion") {
  std::string names = "from";
  for (int i = 0; i < 10'000; ++i) names += ":x";
  Fields fields{{"From", " a@ed.example"}};
  for (int i = 0; i < 4'000; ++i) fields.push_back({"X", " y"});
  for (int i = 0; i < 10; ++i)
    fields.insert(fields.begin(), {"DKIM-Signature", replaced(made("d=ed.example; s=s;"), "h=from", "h=" + names)});
  for (const auto& by : verifiers()) {
    CAPTURE(by.name);
    const auto result = verify(
        fields, body, txt("s._domainkey.ed.example", std::string("v=DKIM1; k=ed25519; p=") + dkim_keys::ed25519_public),
        0, by.judge);
    CHECK(result.signatures.size() == 10);
    CHECK(to_string(result.word) ==
          (by.judge ? "neutral" : "fail"));  // libopendkim is not asked: it would compare each name with each field
  }
}

// SPDX-License-Identifier: BSD-2-Clause
// For tests of DKIM verification: the message of RFC 8463 appendix A, keys in a zone, and what the verifier says of them.
#pragma once

#include <doctest/doctest.h>

#include "adapter/keys/openssl_digest.h"
#include "adapter/keys/openssl_public_key.h"
#include "adapter/keys/openssl_signer.h"
#include "adapter/verify/opendkim_judge.h"
#include "base/base64.h"
#include "check/body_hashes.h"
#include "check/dkim_sign.h"
#include "check/dkim_verify.h"
#include "dkim_keys.h"
#include "dkim_signatures.h"
#include "dns_fixture.h"

namespace mailweir::test {

using namespace dkim_signatures;

inline constexpr const char* body = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
inline constexpr std::string_view rsa_name = "test._domainkey.football.example.com";

inline std::string key_zone(std::string_view rsa_tags) {
  return std::string(rsa_name) + " TXT \"" + std::string(rsa_tags) + "\"\n" + "brisbane._domainkey.football.example.com TXT \"v=DKIM1; k=ed25519; p=" +
         dkim_keys::ed25519_public + "\"\n" + "weak._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=" + weak_public + "\"\n";
}
inline std::string rsa_tags(const std::string& more = "") { return "v=DKIM1; k=rsa; " + more + "p=" + dkim_keys::rsa_public; }

using Fields = std::vector<HeaderField>;

inline Fields dinner(std::initializer_list<std::string> signatures) {
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

// Our own verifier, and libopendkim behind our readers.
struct By {
  std::string name;
  SignatureJudgePtr judge;
};
inline const std::vector<By>& verifiers() {
  static const std::vector<By> both = [] {
    auto judge = make_opendkim_judge();
    REQUIRE(judge);
    return std::vector<By>{{"builtin", nullptr}, {"libopendkim", *judge}};
  }();
  return both;
}
// What libopendkim says where it differs, and why it may.
struct Theirs {
  std::string want;
  const char* why = "";
};
inline const std::string& wanted(const By& by, const std::string& ours, const Theirs& theirs) {
  return by.judge != nullptr && !theirs.want.empty() ? theirs.want : ours;
}

inline DkimResult verify(const Fields& fields, std::string_view text, const std::string& zone_text, std::size_t piece = 0,
                         const SignatureJudgePtr& judge = nullptr) {
  const auto verifier = make_dkim_verifier(openssl_digests(), openssl_public_keys(), system_clock());
  HeaderList headers;
  for (const auto& field : fields) REQUIRE(headers.receive(field.name, field.value));
  const auto zone = test::zone(zone_text);
  const auto lookups = test::lookups_in(*zone);
  const auto verification = verifier->begin(headers, judge);
  for (const auto& key : verification->keys()) lookups->want(key);
  if (piece == 0) piece = text.size() + 1;
  for (std::size_t at = 0; at < text.size(); at += piece) verification->write(text.substr(at, piece));
  return verification->finish(*lookups);
}

inline std::string words_of(const DkimResult& result) {
  std::string words;
  for (const auto& signature : result.signatures) words += (words.empty() ? "" : " ") + std::string(to_string(signature.word));
  return words;
}

// An RSAPublicKey (PKCS #1) out of a SubjectPublicKeyInfo, whose last part it is.
inline std::string pkcs1(std::string_view public_key) {
  const auto whole = *from_base64(public_key);
  const std::size_t string = (whole[1] == '\x81' ? 3 : 2) + 15;  // the BIT STRING, behind the algorithm
  const std::size_t bits = string + (whole[string + 1] == '\x81' ? 4 : 3);
  return to_base64(whole.substr(bits));
}

// So many strings of 250 octets, behind a TXT record's first.
inline std::string strings(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += " \"" + std::string(250, 'y') + "\"";
  return text;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace mailweir::test

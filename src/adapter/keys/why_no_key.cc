// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/why_no_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "base/handle.h"

namespace mailweir {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view public_key =
    "; a private key cannot be made from it: name the private key of the pair, or make a new pair with: mailweirctl "
    "dkim keygen DOMAIN";

enum class Der { none, private_key, public_key, certificate, encrypted };

template <typename Read>
bool reads(std::string_view text, Read read) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const bool good(read(&at, static_cast<long>(text.size())));
  ERR_clear_error();
  return good;
}

Der kind_of_der(std::string_view text) {
  if (!text.starts_with('\x30')) return Der::none;
  if (reads(text,
            [](auto at, long size) { return CPtr<EVP_PKEY, EVP_PKEY_free>(d2i_AutoPrivateKey(nullptr, at, size)); }))
    return Der::private_key;
  const auto is_public = [](auto at, long size) {
    return CPtr<EVP_PKEY, EVP_PKEY_free>(d2i_PUBKEY(nullptr, at, size));
  };
  const auto is_rsa_public = [](auto at, long size) {  // PKCS #1
    return CPtr<EVP_PKEY, EVP_PKEY_free>(d2i_PublicKey(EVP_PKEY_RSA, nullptr, at, size));
  };
  if (reads(text, is_public) || reads(text, is_rsa_public)) return Der::public_key;
  if (reads(text, [](auto at, long size) { return CPtr<X509, X509_free>(d2i_X509(nullptr, at, size)); }))
    return Der::certificate;
  if (reads(text, [](auto at, long size) { return CPtr<X509_SIG, X509_SIG_free>(d2i_X509_SIG(nullptr, at, size)); }))
    return Der::encrypted;
  return Der::none;
}

// A key in base64 without its PEM lines; empty if it is none. (RFC 8410 7: the 16 bytes that make 32 raw ones an
// Ed25519 key.)
std::string why_base64(std::string_view text) {
  std::string letters;
  for (const char c : text)
    if (blanks.find(c) == blanks.npos) letters += c;
  auto bytes = from_base64(letters);
  OPENSSL_cleanse(letters.data(), letters.size());
  if (!bytes) return {};
  const auto size = bytes->size();
  const Der kind = kind_of_der(*bytes);
  OPENSSL_cleanse(bytes->data(), bytes->size());
  switch (kind) {
    case Der::private_key:
      return "is a key in base64 without the lines of a PEM file; write it out with: base64 -d FILE | openssl pkey "
             "-inform DER -out NEW";
    case Der::public_key: return "is a public key in base64, as in p= of a key record" + std::string(public_key);
    case Der::certificate: return "is a certificate in base64; a private key is needed";
    case Der::encrypted:
      return "is in base64 and encrypted with a passphrase, which a daemon cannot be asked for; write it out with: "
             "base64 -d FILE | openssl pkey -inform DER -out NEW";
    case Der::none: break;
  }
  if (size != 32 && size != 64) return {};
  return "is an Ed25519 key in raw base64, not a PEM file; write it out with: "
         "{ echo MC4CAQAwBQYDK2VwBCIEIA== | base64 -d; base64 -d FILE | head -c 32; } | openssl pkey -inform DER -out "
         "NEW";
}

std::string why_der(std::string_view text) {
  switch (kind_of_der(text)) {
    case Der::private_key:
      return "is in DER, not a PEM file; write it out with: openssl pkey -inform DER -in FILE -out NEW";
    case Der::public_key: return "is a public key in DER" + std::string(public_key);
    case Der::certificate: return "is a certificate in DER; a private key is needed";
    case Der::encrypted:
      return "is in DER and encrypted with a passphrase, which a daemon cannot be asked for; write it out with: "
             "openssl pkey -inform DER -in FILE -out NEW";
    case Der::none: break;
  }
  return {};
}

}  // namespace

std::string why_no_key(std::string_view text, bool passphrase_asked) {
  const auto has = [&](std::string_view part) { return text.find(part) != text.npos; };
  if (passphrase_asked || has("BEGIN ENCRYPTED PRIVATE KEY"))
    return "is encrypted with a passphrase, which a daemon cannot be asked for; write it out with: openssl pkey -in "
           "FILE -out NEW";
  if (has("BEGIN PUBLIC KEY") || has("BEGIN RSA PUBLIC KEY")) return "is a public key" + std::string(public_key);
  if (has("v=DKIM1")) return "is a key record of the DNS, which has the public key" + std::string(public_key);
  if (has("BEGIN CERTIFICATE")) return "is a certificate; a private key is needed";
  if (has("BEGIN OPENSSH PRIVATE KEY"))
    return "is an OpenSSH key, which is not PEM; create one with: openssl genpkey -algorithm ed25519 -out NEW";
  if (has("-----BEGIN ") && has("\\n"))
    return "has the letters \\n for its line ends; write it out with: printf '%b\\n' \"$(cat FILE)\" > NEW";
  if (has(" -----BEGIN ") || has("\t-----BEGIN ") || (has("-----BEGIN ") && (has("\n ") || has("\n\t"))))
    return "is indented, and therefore not a PEM file; write it out with: sed 's/^[[:space:]]*//' FILE > NEW";
  if (const auto why = why_der(text); !why.empty()) return why;
  if (const auto why = why_base64(text); !why.empty()) return why;
  if (!has("-----BEGIN ")) return "is not a PEM file (no line -----BEGIN PRIVATE KEY-----)";
  return "holds no private key that libcrypto can read";
}

}  // namespace mailweir

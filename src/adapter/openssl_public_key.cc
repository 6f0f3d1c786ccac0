// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/openssl_public_key.h"

#include <new>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/handle.h"

namespace mailweir {
namespace {

using KeyPtr = CPtr<EVP_PKEY, EVP_PKEY_free>;
using KeyContextPtr = CPtr<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContextPtr = CPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Null: it is no RSA key, or something follows it.
KeyPtr rsa_key(std::string_view text) {
  const unsigned char* at = bytes(text);
  KeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(text.size())));
  if (!key) {
    at = bytes(text);
    key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(text.size())));
  }
  if (!key || at != bytes(text) + text.size() || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return {};
  return key;
}

bool rsa_fits(EVP_PKEY* key, std::string_view hash, std::string_view signature) {
  const KeyContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
  if (!context) throw std::bad_alloc();
  return EVP_PKEY_verify_init(context.get()) == 1 && EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
         EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
         EVP_PKEY_verify(context.get(), bytes(signature), signature.size(), bytes(hash), hash.size()) == 1;
}

// RFC 8463 3: the hash is the message.
bool ed25519_fits(EVP_PKEY* key, std::string_view hash, std::string_view signature) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(hash), hash.size()) == 1;
}

class OpensslPublicKeys final : public PublicKeys {
 public:
  Answer check(KeyKind kind, std::string_view text, std::string_view hash, std::string_view signature) const override {
    const bool rsa = kind == KeyKind::rsa;
    const KeyPtr key = rsa ? rsa_key(text) : KeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(text), text.size()));
    Answer answer;
    if (key) {
      answer.bits = static_cast<unsigned>(EVP_PKEY_get_bits(key.get()));
      const bool asked = !rsa || (answer.bits >= least_rsa_bits && answer.bits <= most_rsa_bits);
      const bool good = asked && (rsa ? rsa_fits(key.get(), hash, signature) : ed25519_fits(key.get(), hash, signature));
      answer.word = good ? Answer::Word::good : Answer::Word::bad;
    }
    ERR_clear_error();
    return answer;
  }
};

}  // namespace

PublicKeysPtr openssl_public_keys() { return std::make_shared<OpensslPublicKeys>(); }

}  // namespace mailweir

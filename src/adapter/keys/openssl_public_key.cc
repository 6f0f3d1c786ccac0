// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/openssl_public_key.h"

#include <algorithm>
#include <new>
#include <utility>

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
  return EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
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

std::string key_info(EVP_PKEY* key) {
  std::string text(static_cast<std::size_t>(std::max(i2d_PUBKEY(key, nullptr), 0)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(text.data());
  if (text.empty() || i2d_PUBKEY(key, &at) != static_cast<int>(text.size())) throw std::bad_alloc();
  return text;
}

std::string raw_key(EVP_PKEY* key) {
  std::string text(32, '\0');
  std::size_t size = text.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(text.data()), &size) != 1)
    throw std::bad_alloc();
  return text;
}

class OpensslPublicKey final : public PublicKey {
 public:
  OpensslPublicKey(KeyKind kind, KeyPtr key) : kind_(kind), key_(std::move(key)) {}
  KeyKind kind() const override { return kind_; }
  unsigned bits() const override { return static_cast<unsigned>(EVP_PKEY_get_bits(key_.get())); }
  std::string text() const override { return kind_ == KeyKind::rsa ? key_info(key_.get()) : raw_key(key_.get()); }
  bool fits(std::string_view hash, std::string_view signature) const override {
    const bool good =
        kind_ == KeyKind::rsa ? rsa_fits(key_.get(), hash, signature) : ed25519_fits(key_.get(), hash, signature);
    ERR_clear_error();
    return good;
  }

 private:
  const KeyKind kind_;
  const KeyPtr key_;
};

class OpensslPublicKeys final : public PublicKeys {
 public:
  std::unique_ptr<const PublicKey> read(KeyKind kind, std::string_view text) const override {
    KeyPtr key = kind == KeyKind::rsa
                     ? rsa_key(text)
                     : KeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(text), text.size()));
    ERR_clear_error();
    return key ? std::make_unique<OpensslPublicKey>(kind, std::move(key)) : nullptr;
  }
};

}  // namespace

PublicKeysPtr openssl_public_keys() { return std::make_shared<OpensslPublicKeys>(); }

}  // namespace mailweir

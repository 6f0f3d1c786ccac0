// SPDX-License-Identifier: BSD-2-Clause
// PublicKeys: whether a signature was made with the private half of a key. Thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "port/signer.h"

namespace mailweir {

class PublicKeys {
 public:
  struct Answer {
    enum class Word { good, bad, no_key } word = Word::no_key;  // no_key: the bytes are no key of that kind
    unsigned bits = 0;                                          // of the key
  };
  virtual ~PublicKeys() = default;
  // `key` is the decoded p= of a key record: of RSA the SubjectPublicKeyInfo or the RSAPublicKey of PKCS #1 (RFC 6376 3.6.1 has
  // either), of Ed25519 its 32 bytes (RFC 8463 4.2). `hash` is the SHA-256 of what was signed. An RSA key of more than
  // `most_rsa_bits` or fewer than `least_rsa_bits` is not asked: then the word is bad, and bits say why.
  virtual Answer check(KeyKind kind, std::string_view key, std::string_view hash, std::string_view signature) const = 0;

  static constexpr unsigned least_rsa_bits = 1024;  // RFC 8301 3.2
  static constexpr unsigned most_rsa_bits = 8192;   // a verifier must know those up to 4096
};
using PublicKeysPtr = std::shared_ptr<const PublicKeys>;

}  // namespace mailweir

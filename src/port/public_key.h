// SPDX-License-Identifier: BSD-2-Clause
// PublicKey: the public half of a key, as a DKIM key record has it; PublicKeys reads them. Both are thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "port/signer.h"

namespace mailweir {

class PublicKey {
 public:
  static constexpr unsigned least_rsa_bits = 1024;  // RFC 8301 3.2
  static constexpr unsigned most_rsa_bits = 8192;   // a verifier must know those up to 4096

  virtual ~PublicKey() = default;
  virtual KeyKind kind() const = 0;
  virtual unsigned bits() const = 0;
  // Of RSA the SubjectPublicKeyInfo, of Ed25519 its 32 bytes (RFC 8463 4.2).
  virtual std::string text() const = 0;
  // Whether the signature was made with its private half. `hash` is the SHA-256 of what was signed. An RSA key should
  // be within the limits: a longer one takes long.
  virtual bool fits(std::string_view hash, std::string_view signature) const = 0;
};

class PublicKeys {
 public:
  virtual ~PublicKeys() = default;
  // `text` is the decoded p= of a key record: of RSA the SubjectPublicKeyInfo or the RSAPublicKey of PKCS #1 (RFC
  // 6376 3.6.1 has either), of Ed25519 its 32 bytes. Null: the bytes are no key of that kind.
  virtual std::unique_ptr<const PublicKey> read(KeyKind kind, std::string_view text) const = 0;
};
using PublicKeysPtr = std::shared_ptr<const PublicKeys>;

}  // namespace mailweir

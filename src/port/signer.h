// SPDX-License-Identifier: BSD-2-Clause
// Signer: one private key that signs. Thread-safe once made.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mailweir {

enum class KeyKind { rsa, ed25519 };

class Signer {
 public:
  virtual ~Signer() = default;
  virtual KeyKind kind() const = 0;
  virtual unsigned bits() const = 0;
  // The raw signature over `data` as RFC 6376 3.3.1 (RSASSA-PKCS1-v1_5 with SHA-256 of data) or RFC 8463 3
  // (PureEdDSA over the SHA-256 of data).
  virtual Result<std::string> sign(std::string_view data) const = 0;
  // The p= value of the key record (RFC 6376 3.6.1, RFC 8463 4.2), base64.
  virtual std::string public_key() const = 0;
};
using SignerPtr = std::shared_ptr<const Signer>;

}  // namespace mailweir

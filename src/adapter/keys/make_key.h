// SPDX-License-Identifier: BSD-2-Clause
// New private keys, made by OpenSSL.
#pragma once

#include <string>

#include "base/result.h"
#include "port/signer.h"

namespace mailweir {

// In PEM (PKCS #8, RFC 5958), unencrypted. `bits` is for RSA: 2048 to 4096 (RFC 8301 3.2 wants 2048 and no more than
// 4096). RSA takes some 100 ms.
Result<std::string> make_private_key(KeyKind kind, unsigned bits);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Digests by OpenSSL's libcrypto.
#pragma once

#include "port/digest.h"

namespace mailweir {

// Throws std::runtime_error when libcrypto has no SHA-256 (a broken installation).
DigestsPtr openssl_digests();

}  // namespace mailweir

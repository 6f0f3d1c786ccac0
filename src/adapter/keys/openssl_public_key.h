// SPDX-License-Identifier: BSD-2-Clause
// PublicKeys by OpenSSL.
#pragma once

#include "port/public_key.h"

namespace mailweir {

PublicKeysPtr openssl_public_keys();

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// DKIM verification by libopendkim, with keys from our own resolver.
//
// Stricter than the library where RFC 8301 and common sense want it: rsa-sha1 and RSA keys under 1024 bits never pass, nor
// does a signature whose l= leaves a part of the body unsigned. Limit: whether a signature has expired (x=) the library
// judges by the system's clock; another cannot be handed in.
#pragma once

#include "base/result.h"
#include "port/verifier.h"

namespace mailweir {

// To be made before threads start.
Result<VerifierPtr> make_opendkim_verifier();

}  // namespace mailweir

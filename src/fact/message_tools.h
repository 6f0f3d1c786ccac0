// SPDX-License-Identifier: BSD-2-Clause
// MessageTools: what messages are verified with. Both outlive every message. Without the verifier dkim and dmarc are
// absent, without the suffixes from_domain_aligned.
#pragma once

#include "port/public_suffixes.h"
#include "port/verifier.h"

namespace mailweir {

struct MessageTools {
  const Verifier* verifier = nullptr;
  const PublicSuffixes* suffixes = nullptr;
};

}  // namespace mailweir

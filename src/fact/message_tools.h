// SPDX-License-Identifier: BSD-2-Clause
// MessageTools: what messages are verified and scanned with. All outlive every message. Without the verifier dkim and
// dmarc are absent, without the suffixes from_domain_aligned; without a scanner what it would say is temperror.
#pragma once

#include "port/public_suffixes.h"
#include "port/verifier.h"

namespace mailweir {

class Scanner;

struct MessageTools {
  const Verifier* verifier = nullptr;
  const PublicSuffixes* suffixes = nullptr;
  Scanner* virus = nullptr;  // [clamd]
  Scanner* spam = nullptr;   // [rspamd] or [spamd]
};

}  // namespace mailweir

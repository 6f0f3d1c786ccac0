// SPDX-License-Identifier: BSD-2-Clause
// PublicSuffixes by libpsl with the public suffix list of the system.
#pragma once

#include "base/result.h"
#include "port/public_suffixes.h"

namespace mailweir {

// An error when there is no public suffix list: neither the package publicsuffix nor one within libpsl.
Result<PublicSuffixesPtr> make_public_suffixes();

}  // namespace mailweir

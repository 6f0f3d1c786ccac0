// SPDX-License-Identifier: BSD-2-Clause
// DmarcTools by libopendmarc (the record) and libpsl with the public suffix list of the system.
//
// Alignment and policy are ours (check/dmarc.h): libopendmarc looks up by itself, keeps a suffix list of its own, and
// voids a record for mistakes that RFC 7489 6.3 wants passed over. Those are mended here: it is shown only what
// concerns a receiver.
#pragma once

#include "base/result.h"
#include "port/dmarc_tools.h"

namespace mailweir {

// An error when there is no public suffix list: neither the package publicsuffix nor one within libpsl.
Result<DmarcToolsPtr> make_dmarc_tools();

}  // namespace mailweir

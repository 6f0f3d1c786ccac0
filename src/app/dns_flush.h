// SPDX-License-Identifier: BSD-2-Clause
// What the admin does with the answers that are kept of the DNS, at the admin door.
#pragma once

#include <string>

#include "adapter/dns/caching_resolver.h"
#include "base/log.h"
#include "base/result.h"

namespace mailweir {

// Drops what is kept of NAME and all below it; an address stands for its reverse name; "" for all. How much was
// dropped, as JSON. `cache` null: nothing is kept, which is an error.
Result<std::string> flush_dns(CachingResolver* cache, const std::string& name, Log& log);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// A Resolver that answers from a zone text, at once and without a network: for tests, the quickstart and what-if runs
// ([dns] zone = "FILE"). Immutable, thread-safe. The text's format: adapter/dns/zone_text.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "port/dns.h"

namespace mailweir {

// Errors are "NAME:line:column: why", one a line; all are told.
Result<std::unique_ptr<dns::Resolver>> make_zone_resolver(std::string_view text, std::string_view name = "zone");
Result<std::unique_ptr<dns::Resolver>> load_zone_resolver(const std::string& path);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What needs no DNS to be judged where a domain should stand: address literals (RFC 5321 4.1.3) and what is no name.
#pragma once

#include <optional>
#include <string_view>

#include "check/domain_status.h"

namespace mailweir {

// "[192.0.2.1]", "[IPv6:2001:db8::1]" exist; "[nonsense]", "192.0.2.1" without brackets, "a..b" and "" are nxdomain.
// Nothing when it is a name that the DNS must be asked for.
std::optional<DomainResult> judge_literal(std::string_view text);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// helo_dns: whether the name that a client gives in HELO or EHLO is known to the DNS (RFC 5321 4.1.1.1, 2.3.5).
#pragma once

#include <string_view>

#include "check/domain_status.h"
#include "port/lookups.h"

namespace mailweir {

// `name` as the client gave it; an address literal exists. A name with an address or a mail host exists, one that only
// has a null MX is null-mx, one that has neither is no-mail-host. What was found counts whatever else failed.
DomainResult helo_dns(Lookups& lookups, std::string_view name);

}  // namespace mailweir

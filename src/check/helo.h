// SPDX-License-Identifier: BSD-2-Clause
// helo_dns: whether the name that a client gives in HELO or EHLO is known to the DNS (RFC 5321 4.1.1.1, 2.3.5).
#pragma once

#include <optional>
#include <string_view>

#include "base/ip.h"
#include "check/domain_status.h"
#include "port/lookups.h"

namespace mailweir {

// `name` as the client gave it; an address literal exists. A name with an address or a mail host exists, one that only
// has a null MX is null-mx, one that has neither is no-mail-host. What was found counts whatever else failed.
DomainResult helo_dns(Lookups& lookups, std::string_view name);

// The address where a name should stand: "192.0.2.1", "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 4.1.3).
std::optional<IpAddress> address_in_helo(std::string_view name);

}  // namespace mailweir

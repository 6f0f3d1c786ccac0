// SPDX-License-Identifier: BSD-2-Clause
// sender_domain_dns: whether mail to a sender's domain has somewhere to go (RFC 5321 5.1, null MX: RFC 7505).
#pragma once

#include <string_view>

#include "check/domain_status.h"
#include "port/lookups.h"

namespace mailweir {

inline constexpr std::size_t most_mail_hosts = 10;  // looked at, the most preferred first

// `domain` as in Address::domain(), or an address literal "[192.0.2.1]", which exists.
// exists: an MX host has an address, or there is no MX and the domain has one itself. no-mail-host: neither.
// no-public-host: all that was found are addresses that are not public, such as 10.0.0.1 (is_public()).
// temperror: nothing was found and some lookup failed for now; what was found counts whatever else failed.
DomainResult sender_domain_dns(Lookups& lookups, std::string_view domain);

}  // namespace mailweir

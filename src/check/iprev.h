// SPDX-License-Identifier: BSD-2-Clause
// iprev: whether the client's address has a reverse name that leads back to it (RFC 8601 2.7.3 and 3).
#pragma once

#include "base/ip.h"
#include "mail/auth_result.h"
#include "port/lookups.h"

namespace mailweir {

inline constexpr std::size_t most_reverse_names = 10;  // looked at, as RFC 7208 4.6.4 has it for PTR

// pass: a reverse name has this address. fail: none has. permerror: there is no reverse name. temperror: no name has
// it, and the lookup of one, or of the reverse names, failed for now.
AuthResult iprev(Lookups& lookups, const IpAddress& address);

}  // namespace mailweir

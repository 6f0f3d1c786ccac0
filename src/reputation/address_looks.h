// SPDX-License-Identifier: BSD-2-Clause
// address_looks: what the DNS says of an address that our mail leaves from: its reverse name (PTR), whether that leads
// back (RFC 8601 2.7.3), and whether what we say in HELO is a name of it (RFC 5321 4.1.1.1).
#pragma once

#include <vector>

#include "port/lookups.h"
#include "reputation/finding.h"
#include "reputation/watched.h"

namespace mailweir {

// "PTR", "forward", and of our own addresses "HELO". A HELO name that is not the reverse name is no fault as long as it
// has the address. Where the host name is not a name of the address, its transport may have a name of its own: then a
// reverse name that leads back is good.
std::vector<Finding> look_at_address(Lookups& lookups, const WatchedAddress& watched, const std::string& hostname);

}  // namespace mailweir

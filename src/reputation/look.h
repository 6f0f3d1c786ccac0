// SPDX-License-Identifier: BSD-2-Clause
// look: the whole look of the reputation watch. 100 addresses, 20 lists and 200 domains take some seconds.
#pragma once

#include <vector>

#include "port/dns.h"
#include "reputation/finding.h"
#include "reputation/watched.h"

namespace mailweir {

// Everything that is watched, each Matter once, in the order of addresses, domains and lists. Equal questions should be
// joined by the resolver. Waits until `all` at the longest: what is not answered by then is `blind`.
std::vector<Finding> look(dns::Resolver& resolver, const Watched& watched, Deadline all);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// list_looks: our addresses and domains in the DNSBLs. Each list is proved by its test points first, as the daemon does
// it (RFC 5782 5); one that is not is `blind`, and what it says counts for nothing. The lists are asked side by side, a
// thread each, so that a slow one holds up no other; each with at most list_pace questions under way.
#pragma once

#include <vector>

#include "reputation/finding.h"
#include "reputation/side_by_side.h"
#include "reputation/watched.h"

namespace mailweir {

inline constexpr std::size_t list_pace = 16;
// So many answers in a row that were errors: the list has stopped answering, and is not asked further.
inline constexpr std::size_t most_list_errors = 8;

// For each list: what it has of each address or domain of its kind, and one `blind` finding of its own if it cannot be
// asked. Waits until `all` at the longest.
std::vector<Finding> look_at_lists(dns::Resolver& resolver, const Watched& watched, Deadline all);

}  // namespace mailweir

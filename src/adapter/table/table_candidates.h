// SPDX-License-Identifier: BSD-2-Clause
// The keys under which an entry for a thing may stand in a table that lives elsewhere, the one that counts first: what
// adapter/table/table.cc finds in memory, spelled out. Each in the one spelling of a table's keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "mail/address.h"

namespace mailweir {

inline constexpr std::size_t most_parents =
    127;  // of a domain, the nearest to the root: more than a name in the DNS has

// The address, then its networks, the most specific first: 34 for IPv4, 130 for IPv6.
std::vector<std::string> table_candidates(const IpAddress& address);
std::vector<std::string> table_candidates(const Address& address);
std::vector<std::string> domain_candidates(std::string_view domain);
std::vector<std::string> word_candidates(std::string_view word);

}  // namespace mailweir

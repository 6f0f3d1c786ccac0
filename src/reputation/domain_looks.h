// SPDX-License-Identifier: BSD-2-Clause
// domain_looks: what the DNS says of a domain that our mail is sent for: SPF (RFC 7208) for each of our addresses, the
// records of our DKIM keys (RFC 6376 3.6), DMARC (RFC 9989), and whether mail can come back to it (MX).
#pragma once

#include <vector>

#include "port/lookups.h"
#include "reputation/finding.h"
#include "reputation/watched.h"

namespace mailweir {

// "DKIM" of each key, "DMARC" and "MX".
std::vector<Finding> look_at_domain(Lookups& lookups, const WatchedDomain& domain);

// What the evaluator says for some of our addresses; the bound of Lookups wants few of them at a time.
inline constexpr std::size_t spf_addresses_at_once = 10;
struct SpfSeen {
  std::size_t passed = 0, refused = 0, unknown = 0;
  std::string refusal{}, trouble{};  // of the first of each: "192.0.2.1: softfail (...)"
  bool has_record = false;
  void add(const SpfSeen& other);
};
SpfSeen see_spf(Lookups& lookups, const Watched& watched, const std::string& domain, std::size_t first);

// Of all addresses. `watched` for the record that would be right.
Finding spf_finding(const std::string& domain, const SpfSeen& seen, const Watched& watched);

}  // namespace mailweir

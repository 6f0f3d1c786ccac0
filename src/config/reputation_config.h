// SPDX-License-Identifier: BSD-2-Clause
// ReputationConfig: what mailweirctl reputation looks at, beside what the policy says already.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/ip.h"

namespace mailweir {

struct ReputationConfig {
  std::vector<std::string> domains;        // empty: those of the [[dkim.key]], and of [general] hostname
  std::vector<IpAddress> relay_addresses;  // of a provider that relays our mail, beside those of [egress]
  std::vector<std::string> dnsbl;          // names; empty: all whose weight is above 0
  std::chrono::milliseconds remind{std::chrono::hours(7 * 24)};
  std::string state = "reputation.json";  // the file; once read with its directory
  bool written = false;                   // there is a [reputation]

  bool asks(const std::string& name, int weight) const {
    return dnsbl.empty() ? weight > 0 : std::find(dnsbl.begin(), dnsbl.end(), name) != dnsbl.end();
  }

  // Of other sections:
  std::vector<std::string> key_domains;                        // of the [[dkim.key]]
  std::map<std::string, std::string, std::less<>> removals{};  // [dnsbl.NAME] removal
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Watched: what the reputation watch looks at: our addresses, our domains, and the DNSBLs that are asked for them.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "check/dnsbl.h"
#include "port/key_source.h"
#include "port/spf.h"

namespace mailweir {

struct WatchedAddress {
  IpAddress address;
  bool ours = true;  // false: of a provider that relays our mail; its HELO name is the provider's
};

struct WatchedDomain {
  std::string name;                // in to_domain's spelling
  std::vector<DkimKeyPtr> keys{};  // that sign its mail
};

struct WatchedList : DnsblList {
  std::string removal{};  // the page where a removal is asked for, with {address} or {domain}; "": the one we know
};

struct Watched {
  std::vector<WatchedAddress> addresses;
  std::vector<WatchedDomain> domains;
  std::vector<WatchedList> lists;
  std::string hostname;  // what we say in HELO
  SpfEnginePtr spf{};    // who evaluates SPF; null: our own evaluator
  WallTime now{};        // for SPF macros
};

}  // namespace mailweir

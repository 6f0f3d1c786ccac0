// SPDX-License-Identifier: BSD-2-Clause
#include "check/public_address.h"

#include <algorithm>
#include <vector>

namespace mailweir {

bool is_public(const IpAddress& address) {
  static const std::vector<Network> special = [] {
    std::vector<Network> all;
    for (const auto* text : {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                             "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"})
      all.push_back(*Network::parse(text));
    return all;
  }();
  static const Network unicast = *Network::parse("2000::/3");
  if (!address.is_v4()) return unicast.contains(address);
  return std::ranges::none_of(special, [&](const Network& one) { return one.contains(address); });
}

}  // namespace mailweir

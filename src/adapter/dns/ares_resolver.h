// SPDX-License-Identifier: BSD-2-Clause
// A Resolver on c-ares: one I/O thread asks the servers, over UDP (EDNS) and, for long answers, TCP. No cache and no
// joining of equal questions: put make_caching_resolver in front.
//
// An alias that comes without what it points to is followed with a question of its own.
//
// Each question ends at its own deadline at the latest. Servers are asked in order, the next one when one is silent,
// refuses or fails. The system's servers are read once, when the resolver is made: a changed resolv.conf needs a
// restart.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "port/dns.h"

namespace mailweir {

struct AresConfig {
  std::vector<std::string> servers;         // "192.0.2.53", "127.0.0.1:5353", "[::1]:5353"; empty: resolv.conf's
  std::chrono::milliseconds attempt{1000};  // until a server is asked again, doubled with each round
  int rounds = 3;                           // over all servers
  std::size_t most_under_way = 10'000;      // more are temperror at once (ids have 16 bits)
};

Result<std::unique_ptr<dns::Resolver>> make_ares_resolver(const AresConfig& config);

}  // namespace mailweir

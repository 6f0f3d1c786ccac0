// SPDX-License-Identifier: BSD-2-Clause
// DnsblWatch: proves the block lists of a policy by their test points (RFC 5782 5) before they count, and again from
// time to time. A zone that lies, or whose proof has trouble, is off until a proof succeeds; each change is one log
// line.
//
// DnsblState is shared by the policies that have the same zone and read by the threads that judge; step() is called by
// one thread, which it may hold up for proof_deadline.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/metric.h"
#include "check/dnsbl.h"
#include "port/dns.h"

namespace mailweir {

enum class DnsblPhase : std::uint8_t { unproved, on, lies, trouble };
constexpr std::string_view to_string(DnsblPhase phase) {
  constexpr std::array<std::string_view, 4> words{"unproved", "on", "off: it lies", "off: trouble"};
  return words[static_cast<std::size_t>(phase)];
}

struct DnsblState {
  std::atomic<bool> ipv4{false}, ipv6{false}, domains{false};  // what it may be asked for now
  std::atomic<std::uint64_t> asked{0}, listed{0}, errors{0};
  std::atomic<std::uint32_t> listed_in_a_row{0};

  struct Told {
    DnsblPhase phase = DnsblPhase::unproved;
    std::string reason, last_error;
    SteadyTime proved{}, next{};  // next: when it is to be proved again; at first at once
    WallTime since{};             // of the phase
    std::uint32_t failures = 0;
    std::uint64_t errors_told = 0;
    SteadyTime told{};  // when its errors were last logged
  };
  Guarded<Told> told;

  bool serves(DnsblKind kind, bool v4) const { return kind == DnsblKind::domain ? domains : v4 ? ipv4 : ipv6; }
  void note_error(const std::string& why);
};

// A block list of the policy file, with what is known of it now.
struct Dnsbl : DnsblList {
  std::shared_ptr<DnsblState> state = std::make_shared<DnsblState>();
};
inline constexpr Metric<Dnsbl> dnsbl_metrics[] = {
    {"name", as_label("dnsbl"), via<&Dnsbl::name>},
    {"zone", via<&Dnsbl::zone>},
    {as_gauge("mailweir_dnsbl_up", "Whether a DNSBL is proved and asked"),
     [](const Dnsbl& list) -> Reading { return list.state->ipv4 || list.state->ipv6 || list.state->domains; }},
    {"asked", as_counter("mailweir_dnsbl_asked_total", "Lookups in a DNSBL"), via<&Dnsbl::state, &DnsblState::asked>},
    {"listed", as_counter("mailweir_dnsbl_listed_total", "Lookups that found a listing"),
     via<&Dnsbl::state, &DnsblState::listed>},
    {"errors", as_counter("mailweir_dnsbl_errors_total", "Lookups whose answer was an error"),
     via<&Dnsbl::state, &DnsblState::errors>},
};

class DnsblWatch {
 public:
  static constexpr std::chrono::hours good_for{1};
  static constexpr std::chrono::seconds first_retry{15}, last_retry{600};
  static constexpr std::chrono::seconds proof_deadline{5};
  // So many listings without one name that is not listed look like a zone that lists everything: proved at once.
  static constexpr std::uint32_t suspicious = 20;

  // The resolver should not keep answers, or a zone's death is seen late. `recovered` is told of a zone that is on
  // again after it was off: what a cache still has of it may be lies.
  DnsblWatch(dns::Resolver& resolver, Log& log, std::function<void(const std::string& zone)> recovered = {})
      : resolver_(resolver), log_(log), recovered_(std::move(recovered)) {}

  // Proves what is due, all at once, and tells of errors since.
  void step(const std::vector<Dnsbl>& lists, SteadyTime now, WallTime wall);

 private:
  void settle(const Dnsbl& list, const DnsblProof& proof, SteadyTime now, WallTime wall);
  void tell_errors(const Dnsbl& list, SteadyTime now);

  dns::Resolver& resolver_;
  Log& log_;
  std::function<void(const std::string&)> recovered_;
};

// What the zones of `before` are known for goes on for the same ones in `after`; they are proved again at the next
// step, so that a zone that was repaired need not be waited for.
void keep_dnsbl_states(const std::vector<Dnsbl>& before, std::vector<Dnsbl>& after);

}  // namespace mailweir

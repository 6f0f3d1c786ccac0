// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/lease_ledger.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::int64_t lease_ms = std::chrono::milliseconds(lease_time).count();

}  // namespace

void LeaseLedger::taken(const Charge& lease, bool there) {
  counters_.with([&](Counters& counters) { counters[name_of(lease)].held[lease.member] = {lease, there}; });
}

void LeaseLedger::heard(const Charge& lease, std::uint64_t total, std::int64_t now) {
  counters_.with([&](Counters& counters) {
    const auto found = counters.find(name_of(lease));
    if (found == counters.end()) return;  // nothing of ours: it is not known, and not remembered
    Counter& counter = found->second;
    counter.had = static_cast<std::uint64_t>(
        std::count_if(counter.held.begin(), counter.held.end(), [](const auto& one) { return one.second.there; }));
    counter.others = total - std::min(total, counter.had);
    counter.known_until = now + lease_ms;
  });
}

bool LeaseLedger::renewed(const Charge& lease, bool there) {
  return counters_.with([&](Counters& counters) {
    const auto found = counters.find(name_of(lease));
    if (found == counters.end()) return false;
    const auto held = found->second.held.find(lease.member);
    if (held == found->second.held.end()) return false;
    held->second.there = held->second.there || there;
    return true;
  });
}

void LeaseLedger::closed(const Charge& lease, bool said) {
  counters_.with([&](Counters& counters) {
    const auto found = counters.find(name_of(lease));
    if (found == counters.end()) return;
    Counter& counter = found->second;
    if (counter.held.erase(lease.member) > 0 && said && counter.had > 0) --counter.had;
    if (counter.held.empty() && (said || counter.had == 0)) counters.erase(found);
  });
}

std::uint64_t LeaseLedger::elsewhere(const Charge& lease) const {
  return counters_.with([&](const Counters& counters) -> std::uint64_t {
    const auto found = counters.find(name_of(lease));
    if (found == counters.end()) return 0;
    return static_cast<std::uint64_t>(
        std::count_if(found->second.held.begin(), found->second.held.end(),
                      [&](const auto& one) { return !one.second.there && one.first != lease.member; }));
  });
}

std::uint64_t LeaseLedger::others(const Charge& lease, std::int64_t now) const {
  return counters_.with([&](const Counters& counters) -> std::uint64_t {
    const auto found = counters.find(name_of(lease));
    return found == counters.end() || found->second.known_until <= now ? 0 : found->second.others;
  });
}

std::uint64_t LeaseLedger::most_here(const Charge& lease, std::uint64_t max, double share, std::int64_t now) const {
  std::uint64_t had = 0, others = 0;
  counters_.with([&](const Counters& counters) {
    const auto found = counters.find(name_of(lease));
    if (found == counters.end() || found->second.known_until <= now) return;
    had = std::min(found->second.had, max);
    others = found->second.others;
  });
  const std::uint64_t left = max - had - std::min(max - had, others);
  if (left == 0) return had;
  return had + std::max<std::uint64_t>(static_cast<std::uint64_t>(static_cast<double>(left) * share), 1);
}

std::vector<Charge> LeaseLedger::hand_over(bool all) {
  return counters_.with([all](Counters& counters) {
    std::erase_if(counters, [](const auto& one) { return one.second.held.empty(); });
    std::vector<Charge> leases;
    for (const auto& [name, counter] : counters)
      for (const auto& [member, held] : counter.held)
        if (all || !held.there) leases.push_back(held.charge);
    return leases;
  });
}

}  // namespace mailweir

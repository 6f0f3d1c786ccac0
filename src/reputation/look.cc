// SPDX-License-Identifier: BSD-2-Clause
#include "reputation/look.h"

#include <map>
#include <thread>

#include "reputation/address_looks.h"
#include "reputation/domain_looks.h"
#include "reputation/list_looks.h"
#include "reputation/side_by_side.h"

namespace mailweir {
namespace {

using Findings = std::vector<Finding>;

void append(Findings& all, const std::vector<Findings>& found) {
  for (const auto& some : found) all.insert(all.end(), some.begin(), some.end());
}

Findings look_at_records(dns::Resolver& resolver, const Watched& watched, const Pace& pace) {
  std::vector<Look<Findings>> looks;
  for (const auto& address : watched.addresses)
    looks.emplace_back(
        [address, host = watched.hostname](Lookups& lookups) { return look_at_address(lookups, address, host); });
  for (const auto& domain : watched.domains)
    looks.emplace_back([domain](Lookups& lookups) { return look_at_domain(lookups, domain); });
  Findings findings;
  append(findings, side_by_side(resolver, looks, pace));
  return findings;
}

// Nothing without an address.
Findings look_at_spf(dns::Resolver& resolver, const Watched& watched, const Pace& pace) {
  std::vector<Look<SpfSeen>> looks;
  std::vector<const WatchedDomain*> of;
  const auto shared = std::make_shared<const Watched>(watched);
  for (const auto& domain : watched.domains)
    for (std::size_t first = 0; first < watched.addresses.size(); first += spf_addresses_at_once) {
      looks.emplace_back(
          [shared, name = domain.name, first](Lookups& lookups) { return see_spf(lookups, *shared, name, first); });
      of.push_back(&domain);
    }
  const auto seen = side_by_side(resolver, looks, pace);
  std::map<const WatchedDomain*, SpfSeen> all;
  for (std::size_t i = 0; i < seen.size(); ++i) all[of[i]].add(seen[i]);
  Findings findings;
  for (const auto& domain : watched.domains)
    if (const auto found = all.find(&domain); found != all.end())
      findings.push_back(spf_finding(domain.name, found->second, watched));
  return findings;
}

}  // namespace

std::vector<Finding> look(dns::Resolver& resolver, const Watched& watched, Deadline all) {
  Findings of_lists;
  std::thread lists([&] { of_lists = look_at_lists(resolver, watched, all); });
  Pace pace;
  pace.all = all;
  Findings findings = look_at_records(resolver, watched, pace);
  const auto of_spf = look_at_spf(resolver, watched, pace);
  lists.join();
  append(findings, {of_spf, of_lists});
  return findings;
}

}  // namespace mailweir

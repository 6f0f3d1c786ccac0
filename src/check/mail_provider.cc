// SPDX-License-Identifier: BSD-2-Clause
#include "check/mail_provider.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "check/host.h"

namespace mailweir {
namespace {

using dns::Answer;
using Hosts = std::set<std::string>;

constexpr std::size_t most_hosts = 10;  // of one preference

// Those that mail goes to first. Name servers list them in any order: the set has one. None: a null MX.
Hosts first_hosts(const Answer& exchanges) {
  Hosts hosts;
  int first = 0;
  for (const auto& record : exchanges.records) {
    if (record.text.empty() || (!hosts.empty() && record.preference > first)) continue;
    if (hosts.empty() || record.preference < first) hosts.clear();
    first = record.preference;
    hosts.insert(record.text);
  }
  while (hosts.size() > most_hosts) hosts.erase(std::prev(hosts.end()));
  return hosts;
}

}  // namespace

ProviderResult mail_provider(Lookups& lookups, std::string_view domain, const Table* providers,
                             const PublicSuffixes* suffixes) {
  using Status = ProviderResult::Status;
  const auto shown = shown_name(domain);
  if (domain.starts_with('[')) return {Status::none, {}, shown + " is an address"};
  const std::string name(domain);
  const Answer& exchanges = lookups.get({name, dns::Type::MX});
  if (exchanges.status == Answer::Status::temperror)
    return {Status::temperror, {}, shown + ": MX: " + cleaned(exchanges.detail, true, 100)};
  if (exchanges.status == Answer::Status::nxdomain) return {Status::none, {}, shown + " does not exist"};
  const auto hosts = exchanges.status == Answer::Status::ok ? first_hosts(exchanges) : Hosts{name};
  if (hosts.empty()) return {Status::none, {}, shown + " has a null MX: it accepts no mail"};
  const auto because = [&](const std::string& host) { return shown + ": MX " + shown_name(host); };
  if (providers != nullptr)
    for (const auto& host : hosts) {
      const Found found = providers->find_domain(host);
      if (found.is_outage()) return {Status::outage, {}, "the map of providers could not be asked"};
      if (found && !found->empty()) return {Status::found, std::string(*found), because(host)};
    }
  const std::string& host = *hosts.begin();
  auto organization = suffixes != nullptr ? suffixes->registered_domain(host) : std::string();
  return {Status::found, organization.empty() ? host : std::move(organization), because(host)};
}

}  // namespace mailweir

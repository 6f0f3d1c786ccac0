// SPDX-License-Identifier: BSD-2-Clause
#include "check/sender_domain.h"

#include <algorithm>

#include "base/text.h"
#include "check/host.h"
#include "check/literal.h"

namespace mailweir {
namespace {

using dns::Answer;
using dns::Type;
using Host = HostAddresses::Status;

constexpr std::size_t hosts_at_once = 2;  // most domains' first host answers: the others are not asked for nothing

// Each exchange once, the most preferred first; "" (no host) is left out.
std::vector<std::string> hosts_of(const Answer& exchanges) {
  std::vector<const dns::Record*> records;
  records.reserve(exchanges.records.size());
  for (const auto& record : exchanges.records) records.push_back(&record);
  std::ranges::stable_sort(records, {}, &dns::Record::preference);
  std::vector<std::string> hosts;
  for (const auto* record : records) {
    if (hosts.size() == most_mail_hosts) break;
    if (!record->text.empty() && std::ranges::find(hosts, record->text) == hosts.end()) hosts.push_back(record->text);
  }
  return hosts;
}

DomainResult by_exchanges(Lookups& lookups, const std::string& domain, const Answer& exchanges) {
  const auto hosts = hosts_of(exchanges);
  if (hosts.empty()) return {DomainStatus::null_mx, domain + " has a null MX: it accepts no mail"};
  std::string missing, hidden, trouble;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (i % hosts_at_once == 0)
      for (std::size_t k = i; k < std::min(i + hosts_at_once, hosts.size()); ++k) want_addresses(lookups, hosts[k]);
    auto found = wanted_addresses(lookups, hosts[i]);
    if (found.status == Host::found) return {DomainStatus::exists, domain + ": MX " + found.reason};
    auto& kept = found.status == Host::trouble ? trouble : found.status == Host::not_public ? hidden : missing;
    if (kept.empty()) kept = domain + ": MX " + found.reason;
  }
  if (!trouble.empty()) return {DomainStatus::temperror, trouble};
  if (!hidden.empty()) return {DomainStatus::no_public_host, hidden};
  if (hosts.size() > 1)
    missing += "; the same for all of its " + std::to_string(hosts.size()) + " mail hosts that were looked at";
  return {DomainStatus::no_mail_host, missing};
}

}  // namespace

DomainResult sender_domain_dns(Lookups& lookups, std::string_view domain) {
  if (auto literal = judge_literal(domain)) return std::move(*literal);
  const std::string name(domain);
  const auto shown = shown_name(name);
  const auto& exchanges = lookups.get({name, Type::MX});
  if (exchanges.status == Answer::Status::nxdomain) return {DomainStatus::nxdomain, shown + " does not exist"};
  if (exchanges.status == Answer::Status::ok) return by_exchanges(lookups, shown, exchanges);

  const auto host = find_addresses(lookups, name);
  if (host.status == Host::found) return {DomainStatus::exists, shown + ": no MX known, " + host.reason};
  if (exchanges.status == Answer::Status::temperror) {
    if (host.status == Host::no_such_name) return {DomainStatus::nxdomain, host.reason};
    return {DomainStatus::temperror, shown + ": MX: " + cleaned(exchanges.detail, true, 100)};
  }
  if (host.status == Host::trouble) return {DomainStatus::temperror, host.reason};
  if (host.status == Host::not_public) return {DomainStatus::no_public_host, shown + ": no MX, " + host.reason};
  return {DomainStatus::no_mail_host, shown + " has no MX and no address"};
}

}  // namespace mailweir

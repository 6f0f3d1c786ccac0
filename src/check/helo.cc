// SPDX-License-Identifier: BSD-2-Clause
#include "check/helo.h"

#include "check/host.h"
#include "check/literal.h"
#include "check/sender_domain.h"
#include "mail/domain.h"

namespace mailweir {

DomainResult helo_dns(Lookups& lookups, std::string_view given) {
  const auto domain = to_domain(given);
  // A literal with colons is no domain to to_domain's eyes; it is judged as it was given.
  if (auto literal = judge_literal(domain ? *domain : given)) return std::move(*literal);
  if (!domain) return {DomainStatus::nxdomain, shown_name(given) + " is not a valid domain name"};

  using Host = HostAddresses::Status;
  lookups.want({*domain, dns::Type::MX});
  const auto host = find_addresses(lookups, *domain);
  // A host inside may greet with a name that is known inside only.
  if (host.status == Host::found || host.status == Host::not_public) return {DomainStatus::exists, host.reason};
  if (host.status == Host::no_such_name) return {DomainStatus::nxdomain, host.reason};
  // No address of its own: the name may still be a mail domain, whose MX says where it is found.
  auto mail = sender_domain_dns(lookups, *domain);
  if (mail.status == DomainStatus::no_public_host) mail.status = DomainStatus::exists;
  const bool settled = mail.status == DomainStatus::exists || mail.status == DomainStatus::nxdomain;
  if (host.status == Host::trouble && !settled) return {DomainStatus::temperror, host.reason};
  return mail;
}

std::optional<IpAddress> address_in_helo(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return IpAddress::parse(name);
}

}  // namespace mailweir

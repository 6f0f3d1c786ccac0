// SPDX-License-Identifier: BSD-2-Clause
#include "check/literal.h"

#include "base/ip.h"
#include "check/host.h"
#include "port/dns.h"

namespace mailweir {

std::optional<DomainResult> judge_literal(std::string_view text) {
  const auto shown = text.empty() ? "an empty name" : shown_name(text);
  if (text.starts_with('[') && text.ends_with(']')) {
    if (IpAddress::parse(text.substr(1, text.size() - 2))) return DomainResult{DomainStatus::exists, shown + " is an address literal"};
    return DomainResult{DomainStatus::nxdomain, shown + " is no address literal"};
  }
  if (IpAddress::parse(text)) return DomainResult{DomainStatus::nxdomain, shown + " is an address without brackets, no name"};
  if (!dns::is_askable(text)) return DomainResult{DomainStatus::nxdomain, shown + " is no name that the DNS can have"};
  return {};
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "check/literal.h"

#include "base/ip.h"
#include "check/host.h"
#include "port/dns.h"

namespace mailweir {

std::optional<DomainResult> judge_literal(std::string_view text) {
  const auto found = [&](DomainStatus status, std::string_view why) {
    return DomainResult{status, (text.empty() ? "an empty name" : shown_name(text)) + std::string(why)};
  };
  if (text.starts_with('[') && text.ends_with(']')) {
    const bool address = IpAddress::parse(text.substr(1, text.size() - 2)).has_value();
    return address ? found(DomainStatus::exists, " is an address literal")
                   : found(DomainStatus::nxdomain, " is not a valid address literal");
  }
  if (IpAddress::parse(text)) return found(DomainStatus::nxdomain, " is an address without brackets, not a name");
  if (!dns::is_askable(text) || text.find(' ') != text.npos)
    return found(DomainStatus::nxdomain, " is not a name that the DNS can have");
  return {};
}

}  // namespace mailweir

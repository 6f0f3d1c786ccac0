// SPDX-License-Identifier: BSD-2-Clause
// DomainStatus: what the DNS says of a domain that mail names: the words of the facts sender_domain_dns and helo_dns.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

enum class DomainStatus { exists, nxdomain, no_mail_host, no_public_host, null_mx, temperror };

constexpr std::string_view to_string(DomainStatus status) {
  switch (status) {
    case DomainStatus::exists: return "exists";
    case DomainStatus::nxdomain: return "nxdomain";
    case DomainStatus::no_mail_host: return "no-mail-host";
    case DomainStatus::no_public_host: return "no-public-host";
    case DomainStatus::null_mx: return "null-mx";
    case DomainStatus::temperror: return "temperror";
  }
  return "temperror";
}

struct DomainResult {
  DomainStatus status = DomainStatus::temperror;
  std::string reason;  // for explain and the log: "example.com: MX mx.example.com has no address"
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/attribute_address.h"

#include <string>

#include "base/ip.h"
#include "base/text.h"
#include "mail/domain.h"
#include "mail/path.h"

namespace mailweir {

Address attribute_address(std::string_view attribute, const Policy& policy) {
  const auto is_ours = [&policy](std::string_view domain) {
    if (domain.starts_with('[') && domain.ends_with(']')) {  // a literal: this host's own loopback address
      const auto literal = domain.substr(1, domain.size() - 2);
      const auto ip = IpAddress::parse(starts_folded(literal, "ipv6:") ? literal.substr(5) : literal);
      return ip && ip->is_loopback();
    }
    const auto name = to_domain(domain);
    if (name && *name == "localhost") return true;  // in mydestination by default
    return name && (*name == policy.hostname || (policy.our_names && policy.our_names->find_domain(*name)));
  };
  auto meant = meant_mailbox(attribute).value_or(std::string(attribute));
  return Address::of_envelope(attribute, routed_mailbox(std::move(meant), is_ours), policy.spelling);
}

}  // namespace mailweir

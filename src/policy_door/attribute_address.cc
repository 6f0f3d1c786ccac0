// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/attribute_address.h"

#include <string>

#include "mail/address_literal.h"
#include "mail/domain.h"
#include "mail/path.h"

namespace mailweir {

Address attribute_address(std::string_view attribute, const Policy& policy) {
  const auto is_ours = [&policy](std::string_view domain) {
    if (const auto literal = address_literal(domain)) return literal->is_loopback();
    const auto name = to_domain(domain);
    if (name && *name == "localhost") return true;  // in mydestination by default
    return name && (*name == policy.hostname || (policy.our_names && policy.our_names->find_domain(*name)));
  };
  auto meant = meant_mailbox(attribute).value_or(std::string(attribute));
  return Address::of_envelope(attribute, routed_mailbox(std::move(meant), is_ours), policy.spelling);
}

}  // namespace mailweir

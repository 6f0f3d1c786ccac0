// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/attribute_address.h"

#include <string>

#include "mail/domain.h"
#include "mail/path.h"

namespace mailweir {

Address attribute_address(std::string_view attribute, const Policy& policy) {
  const auto is_ours = [&policy](std::string_view domain) {
    const auto name = to_domain(domain);
    return name && (*name == policy.hostname || (policy.our_names && policy.our_names->find_domain(*name)));
  };
  auto meant = meant_mailbox(attribute).value_or(std::string(attribute));
  return Address::of_envelope(attribute, routed_mailbox(std::move(meant), is_ours), policy.spelling);
}

}  // namespace mailweir

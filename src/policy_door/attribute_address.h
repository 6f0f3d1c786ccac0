// SPDX-License-Identifier: BSD-2-Clause
// The address that a policy attribute means: Postfix has cleaned it, but not rewritten (SMTPD_POLICY_README).
// "ceo%example.com" still stands there, "example.com!ceo", a source route, and what goes by a host of ours ([general]
// hostname, our_names).
#pragma once

#include <string_view>

#include "mail/address.h"
#include "rule/policy.h"

namespace mailweir {

Address attribute_address(std::string_view attribute, const Policy& policy);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Which lookups a policy can start early: for each check in a rule, the stage at which its input is known. And which
// part of a transaction asks for what it alone knows, so that time is kept for it.
#pragma once

#include "fact/dns_budget.h"
#include "rule/policy.h"

namespace mailweir {

// Fills policy.early, and policy.dns_use from it. After the rules are in their final place: it keeps pointers to them.
void find_early_checks(Policy& policy);

// Whether a part of the transaction asks the DNS, at this door, for what is not known before it.
bool asks_dns_in(const Policy& policy, Door door, DnsBudget::Part part);

}  // namespace mailweir

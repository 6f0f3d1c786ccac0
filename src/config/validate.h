// SPDX-License-Identifier: BSD-2-Clause
// What can only be seen of all rules together: facts and actions that no door can serve at the rule's stage, actions
// that cannot stand in one policy reply, skips that come too late. Not a public header of the floor.
#pragma once

#include <vector>

#include "config/placed_rule.h"
#include "config/problems.h"
#include "rule/policy.h"

namespace mailweir {

// `policy` has its doors and stages set already.
// `keys_known`: the [[dkim.key]] that there are could be read.
void validate(const std::vector<PlacedRule>& rules, const Policy& policy, bool keys_known, Problems& problems);

}  // namespace mailweir

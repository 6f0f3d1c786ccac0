// SPDX-License-Identifier: BSD-2-Clause
// The [routes.NAME] that rules of a policy name.
#pragma once

#include <vector>

#include "rule/policy.h"

namespace mailweir {

// Each once, in the order of their names.
std::vector<NamedRoute> routes_of_rules(const Policy& policy);

}  // namespace mailweir

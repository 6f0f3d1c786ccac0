// SPDX-License-Identifier: BSD-2-Clause
// Warns of a rule that refuses what SPF, DKIM or DMARC call fail and can be passed by a silent name server. Not a
// public header of the floor.
#pragma once

#include <vector>

#include "config/placed_rule.h"
#include "config/problems.h"

namespace mailweir {

// No warning where some other rule refuses or defers temperror of the same check.
void warn_of_unnamed_temperror(const std::vector<PlacedRule>& rules, Problems& problems);

}  // namespace mailweir

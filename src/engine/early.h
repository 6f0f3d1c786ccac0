// SPDX-License-Identifier: BSD-2-Clause
// Which look-ups a policy can start early: for each check in a rule, the stage at which its input is known.
#pragma once

#include "engine/policy.h"

namespace mailweir {

// Fills policy.early. After the rules are in their final place: it keeps pointers to them.
void find_early_checks(Policy& policy);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Which door judges a stage under a policy, and whether it knows a fact there.
#pragma once

#include "rule/policy.h"

namespace mailweir {

Door door_of(const Policy& policy, Stage stage);

// A fact of one's own is known as soon as one of its keys is. None of them goes round in circles: the registry saw to
// that. One without keys was told already.
bool is_known(const Policy& policy, const FactRef& fact, Stage stage);

}  // namespace mailweir

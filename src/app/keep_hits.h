// SPDX-License-Identifier: BSD-2-Clause
// How often a rule has held is counted across reloads.
#pragma once

#include "rule/policy.h"

namespace mailweir {

// A rule of the same name goes on counting.
void keep_hits(const Policy& before, Policy& after);

}  // namespace mailweir

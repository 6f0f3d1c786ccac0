// SPDX-License-Identifier: BSD-2-Clause
// The domains that a policy file names as signers, and that have no key at the place of [dkim] keys: for `check`, which
// looks there. The daemon does not: a key may come later.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "rule/policy.h"

namespace mailweir {

// "dkim.provider: esp.example has no key ...; what to do". Keys that are there and cannot be used are named too. None
// where all keys stand in the policy file: then these are errors already.
std::vector<std::string> missing_keys(const Policy& policy, Deadline deadline);

}  // namespace mailweir

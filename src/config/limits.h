// SPDX-License-Identifier: BSD-2-Clause
// `limit = { by, of, max, ... }` of a rule: a row for each key. Not a public header of the floor.
#pragma once

#include "config/key.h"
#include "rule/rule.h"

namespace mailweir {

const Keys<Limit>& limit_keys();

// The rule, whose name is read already, names the counter unless the limit does.
void read_limit(const KeyPlace& place, Rule& rule);

}  // namespace mailweir

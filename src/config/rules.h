// SPDX-License-Identifier: BSD-2-Clause
// [[rule]]: a row for each key, and what is made of one rule; what rules mean together is looked at by
// config/validate.h. Not a public header of the floor.
#pragma once

#include <optional>

#include "config/key.h"
#include "config/placed_rule.h"

namespace mailweir {

const Keys<Rule>& rule_keys();

// Nothing: something in it is wrong, and that is told.
std::optional<PlacedRule> read_rule(const toml::table& table, const Makings& makings, Problems& problems);

}  // namespace mailweir

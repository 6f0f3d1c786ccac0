// SPDX-License-Identifier: BSD-2-Clause
// Reads one [[rule]] into a Rule; what rules mean together is looked at by config/validate.h. Not a public header of
// the floor.
#pragma once

#include <optional>

#include "config/form.h"
#include "config/placed_rule.h"

namespace mailweir {

std::optional<PlacedRule> read_rule(const toml::table& table, const Makings& makings, Problems& problems);

}  // namespace mailweir

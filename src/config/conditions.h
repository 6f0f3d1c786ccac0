// SPDX-License-Identifier: BSD-2-Clause
// Reads `when` and `unless` into Conditions. Not a public header of the floor.
#pragma once

#include <string>

#include "config/registry.h"
#include "engine/condition.h"

namespace mailweir {

// `key` is "rule[3].when" or the like, for messages. What is wrong is told to problems; the rest is read on.
Conditions read_conditions(const toml::node& node, const std::string& key, Registry& registry, Problems& problems);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Reads `limit = { by, of, max, ... }` into a Limit. Not a public header of the floor.
#pragma once

#include <optional>
#include <string>

#include "config/registry.h"
#include "rule/rule.h"

namespace mailweir {

// `rule` names the counter. Nothing when it cannot be understood; told to problems. `places` gets where the facts of
// `by` stand, as "limit.by.FACT".
std::optional<Limit> read_limit(const toml::node& node, const std::string& key, const std::string& rule,
                                Registry& registry, Problems& problems, Places& places);

}  // namespace mailweir

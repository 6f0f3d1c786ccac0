// SPDX-License-Identifier: BSD-2-Clause
// Reads what blocks a key: a limit's `block`, and the action of that name. Not a public header of the floor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/placed_rule.h"
#include "config/registry.h"

namespace mailweir {

// The facts that `by` names; `places` gets where each stands, as PREFIX.by.FACT. Nothing: it is missing or no list of
// names.
std::optional<std::vector<FactRef>> read_by(Section& section, const Registry& registry, std::string_view prefix,
                                            Places& places);

// "1d", "until-midnight", or { for = "1d", refuse = false }, of a limit.
std::optional<BlockTime> read_block_time(const toml::node& node, const std::string& key, Problems& problems);
// { by, for, ... }, of a rule; the list has the rule's name unless it says another. `places` gets where the facts of
// `by` stand, as "block.by.FACT".
std::optional<BlockAction> read_block_action(const toml::node& node, const std::string& key, const std::string& rule,
                                             const Registry& registry, Problems& problems, Places& places);

// What can only be seen of all rules together: a list that nobody would ask, a name that blocks nothing, a key that is
// not known where it is asked.
void validate_blocks(const std::vector<PlacedRule>& rules, bool all_read, const Policy& policy, Problems& problems);

}  // namespace mailweir

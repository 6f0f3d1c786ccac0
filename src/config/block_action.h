// SPDX-License-Identifier: BSD-2-Clause
// What blocks a key: a limit's `block`, and the action of that name: a row for each key. Not a public header of the
// floor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/key.h"
#include "config/placed_rule.h"
#include "rule/policy.h"

namespace mailweir {

const Keys<BlockAction>& block_keys();
const Keys<BlockTime>& block_time_keys();

// The facts whose values are a key; `of`, "limit" or "block", is where the rule has it. `if_empty`: what is wrong with
// none.
Form<std::vector<FactRef>> key_facts(const std::string& of, const std::string& if_empty = {});
// "1d", "until-midnight", or { for = "1d", refuse = false }, of a limit.
void read_limit_block(const KeyPlace& place, std::optional<BlockTime>& time);
// { by, for, ... }, of a rule; the list has the rule's name, which is read already, unless it has another.
void read_block(const KeyPlace& place, Rule& rule);

// What can only be seen of all rules together: a list that no rule asks, a name that blocks nothing, a key that is
// not known where it is asked.
void validate_blocks(const std::vector<PlacedRule>& rules, bool all_read, const Policy& policy, Problems& problems);

}  // namespace mailweir

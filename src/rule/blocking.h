// SPDX-License-Identifier: BSD-2-Clause
// Which rules of a policy block keys, by their limit or themselves, and where mail with a blocked key is refused.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "rule/block.h"
#include "rule/policy.h"

namespace mailweir {

// What a rule blocks, by its limit or itself.
struct BlockingRule {
  std::string_view list;
  std::span<const FactRef> by;
  const BlockTime* time = nullptr;
  unsigned prefix4 = 32, prefix6 = 64;
};
// Nothing: it blocks none.
std::optional<BlockingRule> blocking(const Rule& rule);

// Fills policy.blocking, and policy.blocks: where the blocked keys of a rule are refused. Of a limit that is beside its
// own stage the first from MAIL on that its door judges and at which all facts of its key and its conditions are known;
// none if its own stage is not later than that. Of the action it is the first from MAIL on that is judged and at which
// its key is known: its conditions say who is blocked, not who is refused. Call it when the rules are in their final
// place: it keeps pointers to them.
void find_early_blocks(Policy& policy);
// Where the action's blocked keys are refused; nothing: nowhere.
std::optional<Stage> refused_from(const Policy& policy, const BlockAction& action);

}  // namespace mailweir

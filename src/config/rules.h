// SPDX-License-Identifier: BSD-2-Clause
// Reads one [[rule]] into a Rule; what rules mean together is looked at by config/validate.h. Not a public header of the floor.
#pragma once

#include <optional>
#include <string>

#include "config/registry.h"
#include "engine/rule.h"

namespace mailweir {

// A rule with the places of its keys, for messages about rules that do not go together.
struct PlacedRule {
  Rule rule;
  Place place;
  Places keys;

  Place at(std::string_view key) const {
    const auto found = keys.find(key);
    return found == keys.end() ? place : found->second;
  }
};

std::optional<PlacedRule> read_rule(const toml::table& table, Registry& registry, Problems& problems);

}  // namespace mailweir

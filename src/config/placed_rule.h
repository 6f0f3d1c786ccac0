// SPDX-License-Identifier: BSD-2-Clause
// PlacedRule. Not a public header of the floor.
#pragma once

#include <string_view>
#include <utility>

#include "config/section.h"
#include "rule/rule.h"

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

// Each cell of `when` and `unless`, with that word and the number of its table.
template <typename Each>
void each_cell(const Rule& rule, Each&& each) {
  for (const auto& [conditions, key] : {std::pair(&rule.when, "when"), std::pair(&rule.unless, "unless")})
    for (std::size_t table = 0; table < conditions->tables.size(); ++table)
      for (const Cell& cell : conditions->tables[table]) each(cell, std::string_view(key), table);
}

}  // namespace mailweir

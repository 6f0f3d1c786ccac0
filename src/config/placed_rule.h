// SPDX-License-Identifier: BSD-2-Clause
// PlacedRule. Not a public header of the floor.
#pragma once

#include <string_view>

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

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Reads `when` and `unless` into Conditions. Not a public header of the floor.
#pragma once

#include <string>
#include <string_view>

#include "config/registry.h"
#include "rule/condition.h"

namespace mailweir {

// `key` is "rule[3].when" or the like, for messages. What is wrong is told to problems; the rest is read on. `places`
// gets where each fact stands, as place_of_cell names it.
Conditions read_conditions(const toml::node& node, const std::string& key, std::string_view when_or_unless,
                           Registry& registry, Problems& problems, Places& places);

// "when.0.sender": the fact of the first table of `when`.
std::string place_of_cell(std::string_view when_or_unless, std::size_t table, std::string_view fact);

}  // namespace mailweir

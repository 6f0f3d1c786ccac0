// SPDX-License-Identifier: BSD-2-Clause
// What other software understands as a value and we do not: wildcards, flags behind a pattern, several values in one
// text, a map by its type, a URL. Reported, because it would never match. A pure function of the value and its
// fact.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rule/condition.h"

namespace mailweir {

struct ForeignSpelling {
  std::string why;            // and what to write instead
  bool may_be_meant = false;  // a warning: the value may well be what the admin wants
};

// Of a value that is no list, no map and no pattern, without a "!" before it.
std::optional<ForeignSpelling> foreign_spelling(std::string_view text, const FactRef& fact);

}  // namespace mailweir

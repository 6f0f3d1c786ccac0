// SPDX-License-Identifier: BSD-2-Clause
// What a spam scanner found, by the names of its rules, bounded: pure functions.
#pragma once

#include <string>
#include <vector>

namespace mailweir {

struct SpamSymbol {
  std::string name;  // from the network
  double score = 0;
};

inline constexpr std::size_t most_symbols = 100, longest_symbol = 100;

// Their names, the greatest scores first (of either sign), those of one score as they stand. Without empty ones; what
// is not printable ASCII becomes '?'.
std::vector<std::string> told_symbols(std::vector<SpamSymbol> symbols);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/spam_symbols.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace mailweir {

std::vector<std::string> told_symbols(std::vector<SpamSymbol> symbols) {
  std::erase_if(symbols, [](const SpamSymbol& symbol) { return symbol.name.empty(); });
  std::stable_sort(symbols.begin(), symbols.end(),
                   [](const SpamSymbol& a, const SpamSymbol& b) { return std::fabs(a.score) > std::fabs(b.score); });
  if (symbols.size() > most_symbols) symbols.resize(most_symbols);
  std::vector<std::string> names;
  for (const SpamSymbol& symbol : symbols) names.push_back(cleaned(symbol.name, true, longest_symbol));
  return names;
}

}  // namespace mailweir

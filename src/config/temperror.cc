// SPDX-License-Identifier: BSD-2-Clause
#include "config/temperror.h"

#include <algorithm>
#include <array>
#include <variant>

#include "base/text.h"
#include "config/conditions.h"

namespace mailweir {
namespace {

bool is_authentication(FactId id) {
  constexpr std::array<std::string_view, 4> checks{"spf", "spf_helo", "dkim", "dmarc"};
  return std::find(checks.begin(), checks.end(), info(id).name) != checks.end();
}

// Whether it holds where the check says fail: fail is named, or only what it must not be.
bool holds_for_fail(const Cell& cell) {
  bool any_positive = false, named = false;
  for (const Test& test : cell.tests) {
    const auto* word = std::get_if<TextTest>(&test.what);
    const bool fail = word != nullptr && word->text == "fail";
    if (test.negated && fail) return false;
    any_positive = any_positive || !test.negated;
    named = named || (!test.negated && fail);
  }
  return named || !any_positive;
}

// The conditions of a rule that refuses, each with its table's number.
template <typename Each>
void in_refusals(const std::vector<PlacedRule>& rules, Each each) {
  for (const auto& placed : rules) {
    if (placed.rule.shadow || !is_refusal(placed.rule.action)) continue;
    for (std::size_t i = 0; i < placed.rule.when.tables.size(); ++i)
      for (const Cell& cell : placed.rule.when.tables[i])
        if (is_authentication(cell.fact.id)) each(placed, i, cell);
  }
}

}  // namespace

void warn_of_unnamed_temperror(const std::vector<PlacedRule>& rules, Problems& problems) {
  std::vector<FactId> named;
  in_refusals(rules, [&](const PlacedRule&, std::size_t, const Cell& cell) {
    if (cell.names_temperror) named.push_back(cell.fact.id);
  });
  in_refusals(rules, [&](const PlacedRule& placed, std::size_t table, const Cell& cell) {
    if (!holds_for_fail(cell) || std::find(named.begin(), named.end(), cell.fact.id) != named.end()) return;
    problems.warning(placed.at(place_of_cell("when", table, cell.fact.name)),
                     "rule \"" + placed.rule.name + "\".when." + cell.fact.name,
                     "refuses fail, and no rule handles temperror: mail passes while a name server does not answer; "
                     "add \"temperror\", or a rule that defers it");
  });
}

}  // namespace mailweir

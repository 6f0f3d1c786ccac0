// SPDX-License-Identifier: BSD-2-Clause
#include "rule/rule.h"

#include <algorithm>

namespace mailweir {

std::string_view to_string(Action action) {
  switch (action) {
    case Action::none: return "continue";
    case Action::accept: return "accept";
    case Action::permit: return "permit";
    case Action::reject: return "reject";
    case Action::defer: return "defer";
    case Action::drop: return "drop";
    case Action::discard: return "discard";
  }
  return "?";
}

namespace {

template <typename Wanted>
bool any_cell(const Rule& rule, Wanted&& wanted) {
  for (const auto* conditions : {&rule.when, &rule.unless})
    for (const auto& table : conditions->tables)
      if (std::any_of(table.begin(), table.end(), wanted)) return true;
  return false;
}

}  // namespace

bool Rule::has_checks() const {
  return any_cell(*this, [](const Cell& cell) { return cell.fact.check(); });
}

bool Rule::asks(FactType type) const {
  return any_cell(*this, [type](const Cell& cell) { return cell.fact.type() == type; });
}

bool Rule::only_signs() const {
  const auto signs = [](const RuleEffect& effect) { return std::holds_alternative<Sign>(effect); };
  return !effects.empty() && std::all_of(effects.begin(), effects.end(), signs) && action == Action::none && !limit &&
         !block && skip.empty() && !alert && !log;
}

}  // namespace mailweir

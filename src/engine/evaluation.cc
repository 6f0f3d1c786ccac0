// SPDX-License-Identifier: BSD-2-Clause
#include "engine/evaluation.h"

#include <algorithm>

namespace mailweir {

Holds Evaluation::ask(const Rule& rule, Facts& facts, Keep keep) {
  asked_.clear();
  rule.hits->asked.fetch_add(1, std::memory_order_relaxed);
  // What is cheap first, on both sides, so that no lookup is waited for in vain.
  if (!rule.when.empty() && ask(rule.when, false, facts, keep) == Tri::no) return Holds::no;
  if (!rule.unless.empty() && ask(rule.unless, false, facts, keep) == Tri::yes) return Holds::no;
  const Tri when = rule.when.empty() ? Tri::yes : ask(rule.when, true, facts, keep);
  if (when != Tri::yes && when != Tri::outage) return Holds::no;
  const Tri unless = rule.unless.empty() ? Tri::no : ask(rule.unless, true, facts, keep);
  if (unless == Tri::yes) return Holds::no;
  return when == Tri::outage ? Holds::when_outage : unless == Tri::outage ? Holds::unless_outage : Holds::yes;
}

Tri Evaluation::ask(const Conditions& conditions, bool checks, Facts& facts, Keep keep) {
  return conditions.ask(checks, [&](const Cell& cell) { return ask(cell, facts, keep); });
}

Tri Evaluation::ask(const Cell& cell, Facts& facts, Keep keep) {
  if (const Asked* known = found(cell)) return known->outcome;
  const FactValue value = facts.get(cell.fact);
  Asked asked{&cell, cell.ask(value), {}, {}};
  if (keep == Keep::all || (keep == Keep::held && asked.outcome == Tri::yes)) {
    asked.value = facts.to_text(cell.fact, value);
    asked.reason = facts.reason(cell.fact);
  }
  asked_.push_back(std::move(asked));
  return asked_.back().outcome;
}

const Evaluation::Asked* Evaluation::found(const Cell& cell) const {
  const auto same = std::find_if(asked_.begin(), asked_.end(), [&cell](const Asked& one) { return one.cell == &cell; });
  return same == asked_.end() ? nullptr : &*same;
}

std::vector<Evidence> Evaluation::evidence(const Rule& rule) const {
  std::vector<Evidence> all;
  for (const auto& table : rule.when.tables) {
    for (const Cell& cell : table) {
      const Asked* asked = found(cell);
      if (asked != nullptr && asked->outcome == Tri::yes) all.push_back({cell.fact.name, asked->value, asked->reason});
    }
  }
  return all;
}

}  // namespace mailweir

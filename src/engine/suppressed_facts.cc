// SPDX-License-Identifier: BSD-2-Clause
#include "engine/suppressed_facts.h"

#include <chrono>

#include "rule/limit_key.h"

namespace mailweir {
namespace {

// "2026-12-01"
std::string day_text(WallTime time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  const auto two = [](unsigned number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::to_string(static_cast<int>(day.year())) + '-' + two(static_cast<unsigned>(day.month())) + '-' +
         two(static_cast<unsigned>(day.day()));
}

}  // namespace

FactValue SuppressedFacts::get(const FactRef&) {
  reason_.clear();
  const Address& recipient = facts_.transaction().recipient;
  if (recipient.is_absent()) return {};
  if (policy_ == nullptr || suppressions_ == nullptr || policy_->suppress.count() == 0) return boolean_value(false);
  bool known = false;
  const std::string scope = key_of(facts_, policy_->suppress_by, 32, 64, known);
  if (!known) return boolean_value(false);
  const auto found = suppressions_->find(scope, recipient.text(), facts_.now(), policy_->suppress);
  if (!found) return boolean_value(false);
  reason_ = found->answer + " (" + day_text(found->first) + ')';
  return boolean_value(true);
}

void SuppressedFacts::forget(FactScope scope) {
  if (scope == FactScope::transaction) reason_.clear();
}

}  // namespace mailweir

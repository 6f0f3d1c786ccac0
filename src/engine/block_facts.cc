// SPDX-License-Identifier: BSD-2-Clause
#include "engine/block_facts.h"

#include <algorithm>

#include "rule/blocking.h"
#include "rule/limit_key.h"

namespace mailweir {

FactValue BlockFacts::get(const FactRef&) {
  const Stage stage = facts_.stage();
  FactValue value;
  if (policy_ == nullptr || policy_->blocking.empty()) return value;
  value.state = FactValue::State::outage;
  if (failed_ == stage) return value;
  failed_.reset();
  std::vector<Asked> now;  // what this mail's keys are, as far as they are known
  std::vector<Charge> questions;
  std::vector<std::size_t> places;
  for (const Rule* rule : policy_->blocking) {
    if (rule->shadow) continue;
    const BlockingRule block = *blocking(*rule);
    bool known = false;
    Asked one{block.list, key_of(facts_, block.by, block.prefix4, block.prefix6, known)};
    const auto same = [&](const Asked& other) { return one.is(other); };
    if (!known || std::any_of(now.begin(), now.end(), same)) continue;
    const auto before = std::find_if(asked_.begin(), asked_.end(), same);
    now.push_back(before != asked_.end() ? *before : std::move(one));
    if (before != asked_.end()) continue;
    questions.push_back(block_question(std::string(block.list), now.back().key));
    questions.back().enforce = false;
    places.push_back(now.size() - 1);
  }
  if (!questions.empty()) {
    if (asked_.size() > most_kept) asked_.clear();
    const auto charged = ledger_.charge(questions);
    if (!charged) {
      failed_ = stage;
      ledger_.not_asked(facts_.transaction().id, charged.error());
      return value;
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
      now[places[i]].blocked = charged->levels[i].over;
      asked_.push_back(now[places[i]]);
    }
  }
  items_.clear();
  for (const Asked& one : now)
    if (one.blocked) items_.push_back({one.list, 1});
  value.state = FactValue::State::known;
  value.many = items_;
  value.one.text = "none";
  return value;
}

void BlockFacts::forget(FactScope scope) {
  if (scope != FactScope::transaction) return;
  asked_.clear();
  items_.clear();
  failed_.reset();
}

}  // namespace mailweir

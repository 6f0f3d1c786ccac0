// SPDX-License-Identifier: BSD-2-Clause
#include "engine/needs.h"

#include <algorithm>

namespace mailweir {
namespace {

bool reads_headers(const FactRef& fact, const Policy& policy) {
  if (fact.id == FactId::own)
    return std::any_of(policy.own_facts[fact.own].keys.begin(), policy.own_facts[fact.own].keys.end(),
                       [&](const FactRef& key) { return reads_headers(key, policy); });
  return fact.id == FactId::header || fact.id == FactId::from || fact.id == FactId::from_domain || fact.id == FactId::hops;
}

bool conditions_read_headers(const Conditions& conditions, const Policy& policy) {
  for (const auto& table : conditions.tables)
    for (const auto& cell : table)
      if (reads_headers(cell.fact, policy)) return true;
  return false;
}

bool template_reads_headers(const Template& text, const Policy& policy) {
  for (const auto& segment : text.segments())
    if (const auto* fact = std::get_if<FactRef>(&segment.what); fact != nullptr && reads_headers(*fact, policy)) return true;
  return false;
}

bool rule_reads_headers(const Rule& rule, const Policy& policy) {
  if (conditions_read_headers(rule.when, policy) || conditions_read_headers(rule.unless, policy)) return true;
  if (rule.limit)
    for (const auto& by : rule.limit->by)
      if (reads_headers(by, policy)) return true;
  if (template_reads_headers(rule.reply_text, policy)) return true;
  for (const auto* text : {&rule.hold, &rule.redirect, &rule.route})
    if (*text && template_reads_headers(**text, policy)) return true;
  for (const auto& text : rule.bcc)
    if (template_reads_headers(text, policy)) return true;
  return false;
}

}  // namespace

bool Needs::covers(const Needs& other) const {
  for (std::size_t i = 0; i < stage_count; ++i)
    if (other.answers[i] && !answers[i]) return false;
  return (data || !other.data) && (headers || !other.headers) && (body || !other.body) && (edits_headers || !other.edits_headers) &&
         (edits_recipients || !other.edits_recipients) && (quarantines || !other.quarantines);
}

Needs milter_needs(const Policy& policy) {
  Needs needs;
  needs.data = policy.has_policy || !policy.at(Stage::data).empty();
  for (const Stage stage : all_stages) {
    for (const Rule& rule : policy.at(stage)) {
      // A stage handed to the policy door may come back to us at DATA, when Postfix did not ask there.
      const Stage answered = policy.judges(Door::milter, stage) ? stage : Stage::data;
      if (!rule.shadow && (rule.action != Action::none || (rule.limit && !rule.lets_pass()))) needs.answers[index(answered)] = true;
      if (rule.limit && !rule.shadow) needs.answers[index(answered)] = true;
      const bool edits = !rule.remove_headers.empty() || !rule.add_headers.empty() || !rule.replace_headers.empty();
      needs.headers = needs.headers || edits || rule.sign || rule_reads_headers(rule, policy);
      needs.edits_headers = needs.edits_headers || edits || rule.sign || rule.route.has_value();
      needs.edits_recipients = needs.edits_recipients || rule.redirect || !rule.bcc.empty() ||
                               (rule.action == Action::discard && stage == Stage::rcpt);
      needs.quarantines = needs.quarantines || rule.hold.has_value();
      needs.body = needs.body || rule.sign;
      // The true size is counted as the body passes.
      if (rule.limit && rule.limit->of == Quantity::bytes) needs.body = needs.headers = true;
      for (const auto* conditions : {&rule.when, &rule.unless})
        for (const auto& table : conditions->tables)
          for (const auto& cell : table)
            if (cell.fact.id == FactId::size && stage == Stage::end_of_message) needs.body = needs.headers = true;
    }
  }
  // Mail of local origin is refused at its end, a deferral of it becomes a hold.
  if (std::any_of(needs.answers.begin(), needs.answers.end(), [](bool one) { return one; })) {
    needs.answers[index(Stage::end_of_message)] = true;
    needs.quarantines = true;
  }
  return needs;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "rule/needs.h"

#include <algorithm>
#include <vector>

namespace mailweir {
namespace {

// Whether a fact is of a kind; of one's own: whether a key of it is.
template <typename Kind>
bool is_of(const Kind& kind, const FactRef& fact, const Policy& policy) {
  if (!fact.is_own()) return kind(fact.info());
  const auto& keys = policy.own_facts[fact.own].keys;
  return std::any_of(keys.begin(), keys.end(), [&](const FactRef& key) { return is_of(kind, key, policy); });
}

constexpr bool refuses(WithoutKey what) { return what == WithoutKey::defer || what == WithoutKey::reject; }

bool needs_header(const FactInfo& fact) { return fact.needs == FactNeeds::header; }

// What is counted as the message passes.
bool needs_passing(const FactInfo& fact) { return fact.needs == FactNeeds::body && !fact.check; }

bool is_message_check(const FactInfo& fact) { return fact.needs == FactNeeds::body && fact.check; }

bool is_message_dns(const FactInfo& fact) {
  return fact.needs != FactNeeds::envelope && fact.lookups != FactLookups::none;
}

// Whether a rule reads a fact of a kind, in a condition, a limit's key or a text.
template <typename Kind>
class Reads {
 public:
  Reads(Kind kind, const Policy& policy) : kind_(kind), policy_(policy) {}

  bool operator()(const Rule& rule) const {
    if (any(rule.when) || any(rule.unless) || any(rule.reply_text)) return true;
    if (rule.block && any(rule.block->by)) return true;
    if (rule.limit && rule.limit->distinct && is_of(kind_, *rule.limit->distinct, policy_)) return true;
    if (rule.limit && any(rule.limit->by)) return true;
    const auto reads = [&](const Template& text) { return any(text); };
    if (const Sign* sign = rule.sign(); sign != nullptr)
      if (std::ranges::any_of(sign->settings, [&](const SignSetting& one) { return one.any_text(reads); })) return true;
    return std::any_of(rule.effects.begin(), rule.effects.end(), [&](const RuleEffect& effect) {
      const Template* text = text_of(effect);
      return text != nullptr && any(*text);
    });
  }

 private:
  bool any(const Conditions& conditions) const {
    for (const auto& table : conditions.tables)
      for (const auto& cell : table)
        if (is_of(kind_, cell.fact, policy_)) return true;
    return false;
  }
  bool any(const std::vector<FactRef>& by) const {
    return std::any_of(by.begin(), by.end(), [&](const FactRef& fact) { return is_of(kind_, fact, policy_); });
  }
  bool any(const Template& text) const {
    for (const auto& segment : text.segments())
      if (const auto* fact = std::get_if<FactRef>(&segment.what); fact != nullptr && is_of(kind_, *fact, policy_))
        return true;
    return false;
  }

  Kind kind_;
  const Policy& policy_;
};

}  // namespace

bool Needs::covers(const Needs& other) const {
  for (std::size_t i = 0; i < stage_count; ++i)
    if (other.answers[i] && !answers[i]) return false;
  return (data || !other.data) && (headers || !other.headers) && (body || !other.body) &&
         (edits_headers || !other.edits_headers) && (edits_recipients || !other.edits_recipients) &&
         (quarantines || !other.quarantines) && (rejected_recipients || !other.rejected_recipients) &&
         (reroutes || !other.reroutes);
}

std::span<const FactInfo* const> message_checks() {
  static const auto checks = [] {
    std::vector<const FactInfo*> found;
    for (const FactInfo& fact : all_facts())
      if (is_message_check(fact) && fact.part_of.empty()) found.push_back(&fact);
    return found;
  }();
  return checks;
}

bool reads_message_checks(const Rule& rule, const Policy& policy) { return Reads(is_message_check, policy)(rule); }

bool reads_message_dns(const Rule& rule, const Policy& policy) { return Reads(is_message_dns, policy)(rule); }

bool reads_check(const Rule& rule, std::string_view check, const Policy& policy) {
  return Reads([check](const FactInfo& fact) { return fact.whole() == check; }, policy)(rule);
}

bool reads_true_size(const Rule& rule, const Policy& policy) {
  return Reads(needs_passing, policy)(rule) || (rule.limit && rule.limit->of == Quantity::bytes);
}

Needs milter_needs(const Policy& policy) {
  const Reads<bool (*)(const FactInfo&)> header_facts(needs_header, policy), size_fact(needs_passing, policy);
  Needs needs;
  needs.rejected_recipients = policy.counts_unknown_recipients;
  needs.data = policy.has_policy_door || !policy.at(Stage::data).empty();
  for (const Stage stage : all_stages) {
    if (stage == Stage::auth) continue;  // no mail server asks it
    // Keys that are blocked are refused here, whatever stage their rule is at.
    if (!policy.blocks[index(stage)].empty() && policy.judges(Door::milter, stage)) {
      needs.answers[index(stage)] = true;
      needs.data = needs.data || stage == Stage::data;
    }
    for (const Rule& rule : policy.at(stage)) {
      // What a rule reads, in shadow too.
      const bool true_size = stage == Stage::end_of_message && size_fact(rule);
      needs.headers = needs.headers || true_size || header_facts(rule);
      needs.body = needs.body || true_size;
      if (stage == Stage::end_of_message && reads_message_checks(rule, policy)) needs.body = needs.headers = true;
      if (rule.limit && rule.limit->of == Quantity::bytes) needs.body = needs.headers = true;
      if (rule.shadow) continue;
      // A stage handed to the policy door may come back to us at DATA, when Postfix did not ask there.
      const Stage answered = policy.judges(Door::milter, stage) ? stage : Stage::data;
      if (is_refusal(rule.action) || rule.action == Action::discard || rule.limit)
        needs.answers[index(answered)] = true;
      needs.edits_recipients = needs.edits_recipients || (rule.action == Action::discard && stage == Stage::rcpt);
      for (const RuleEffect& effect : rule.effects) {
        const EffectRow& row = row_of(effect);
        needs.headers = needs.headers || row.reads_header;
        needs.body = needs.body || row.reads_body;
        needs.edits_headers = needs.edits_headers || row.edits_header;
        needs.edits_recipients = needs.edits_recipients || row.edits_recipients;
        needs.quarantines = needs.quarantines || row.quarantines;
        if (const auto* route = std::get_if<Route<Template>>(&effect); route != nullptr && route->named) {
          needs.quarantines = true;  // until the route is confirmed
          needs.reroutes = needs.reroutes || route->named->kind == RouteKind::rewrite;
        }
      }
      // Without a key it refuses, at the end of the message.
      if (rule.sign() != nullptr && refuses(policy.other_signers.without_key))
        needs.answers[index(Stage::end_of_message)] = true;
    }
  }
  if (const auto& results = policy.authentication_results; !results.authserv_id.empty()) {
    needs.headers = needs.edits_headers = true;
    needs.body = needs.body || std::any_of(results.checks.begin(), results.checks.end(),
                                           [](const FactRef& check) { return is_message_check(check.info()); });
  }
  if (!policy.local_user_header.empty()) needs.headers = needs.edits_headers = true;  // it is removed
  // Pseudo addresses are refused.
  if (needs.reroutes) needs.edits_recipients = needs.answers[index(Stage::rcpt)] = true;
  // Mail of local origin is refused at its end, a deferral of it becomes a hold.
  if (std::any_of(needs.answers.begin(), needs.answers.end(), [](bool one) { return one; })) {
    needs.answers[index(Stage::end_of_message)] = true;
    needs.quarantines = true;
  }
  return needs;
}

}  // namespace mailweir

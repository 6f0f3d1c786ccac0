// SPDX-License-Identifier: BSD-2-Clause
// Rule: a name, a stage, conditions, perhaps a limit, and what is done. Immutable once the policy is read; its hit
// counters are the only thing that moves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metric.h"
#include "fact/check_set.h"
#include "mail/reply.h"
#include "mail/stage.h"
#include "rule/block.h"
#include "rule/condition.h"
#include "rule/effect.h"
#include "rule/limit.h"
#include "rule/reply_template.h"

namespace mailweir {

// The actions that end a stage; `none` goes on with the next rule.
enum class Action : std::uint8_t { none, accept, permit, reject, defer, drop, discard };
std::string_view to_string(Action action);
constexpr bool is_refusal(Action action) {
  return action == Action::reject || action == Action::defer || action == Action::drop;
}

enum class Outage : std::uint8_t { unset, go_on, defer };

struct RuleHits {
  std::atomic<std::uint64_t> asked{0}, hits{0}, over{0}, shadow{0};
};

struct Rule {
  std::string name;
  std::string where;  // file:line, for explain
  Stage at = Stage::rcpt;
  Conditions when, unless;
  std::optional<Limit> limit;
  bool shadow = false;
  Outage on_outage = Outage::unset;

  Action action = Action::none;
  Reply reply;          // code and enhanced code of reject, defer, drop
  Template reply_text;  // its text; of discard and accept the reason for the log
  // What goes along:
  std::vector<RuleEffect> effects;  // in their order
  std::optional<BlockAction> block;
  CheckSet skip;
  bool alert = false, log = false;

  bool has_checks() const;
  bool asks(FactType type) const;  // in a condition
  const Sign* sign() const { return find_effect<Sign>(effects); }
  bool only_signs() const;  // nothing else comes of it, so it has nothing to do with incoming mail
  bool lets_pass() const { return shadow || !is_refusal(action); }
  std::shared_ptr<RuleHits> hits = std::make_shared<RuleHits>();
};
inline constexpr Metric<Rule> rule_metrics[] = {
    {"name", as_label("rule"), via<&Rule::name>},
    {"at", [](const Rule& rule) -> Reading { return to_string(rule.at); }},
    {"asked", via<&Rule::hits, &RuleHits::asked>},
    {"hits", as_counter("mailweir_rule_hits_total", "How often a rule's conditions held, or its limit was over"),
     [](const Rule& rule) -> Reading { return rule.hits->hits + rule.hits->over; }},
    {"over", via<&Rule::hits, &RuleHits::over>},
    {"shadow", via<&Rule::hits, &RuleHits::shadow>},
    {as_counter("mailweir_rule_shadow_total", "What a shadow rule would have done"),
     [](const Rule& rule) { return rule.shadow ? Reading(rule.hits->shadow) : Reading(); }},
};

}  // namespace mailweir

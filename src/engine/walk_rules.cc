// SPDX-License-Identifier: BSD-2-Clause
#include "engine/walk_rules.h"

#include <algorithm>

#include "base/duration.h"
#include "base/text.h"
#include "engine/bounce_share.h"
#include "engine/evaluation.h"
#include "engine/limit_charge.h"
#include "fact/scan.h"
#include "rule/limit_key.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

// Whether a rule defers when a list that decides whether it applies could not be asked. Unless it says so itself: what
// hangs on a list in `when` is left out; a refusal from which a list in `unless` may exempt must not be final.
bool defers_on_outage(const Rule& rule, bool may_be_exempt, Outage of_counters) {
  if (rule.shadow) return false;
  if (rule.on_outage != Outage::unset) return rule.on_outage == Outage::defer;
  if (of_counters == Outage::defer && is_refusal(rule.action) && rule.asks(FactType::blocked)) return true;
  return may_be_exempt && is_refusal(rule.action) && !rule.limit;
}

class Walk {
 public:
  Walk(const Policy& policy, Stage stage, Facts& facts, Skips& skips, Trace* trace)
      : policy_(policy), stage_(stage), facts_(facts), skips_(skips), trace_(trace) {}

  Judgement run() {
    walk_blocks();
    walk_stage();
    defer_unanswered();
    return std::move(judgement_);
  }

 private:
  void walk_stage() {
    const auto& rules = policy_.at(stage_);
    const RuleIndex& rule_index = policy_.indexes[index(stage_)];
    if (rule_index.empty() || trace_ != nullptr) {  // explain shows the others too
      for (const Rule& rule : rules)
        if (!walk(rule)) return;
      return;
    }
    std::vector<std::uint32_t> places;
    rule_index.find(facts_, places);
    for (const std::uint32_t place : places)
      if (!walk(rules[place])) return;
  }

  // Rules of later stages, and of connect and helo, whose blocked keys are refused here. They come before the stage's
  // own.
  void walk_blocks() {
    for (const Rule* rule : policy_.blocks[index(stage_)]) {
      if (rule->limit && evaluation_.ask(*rule, facts_, keep_for(*rule)) != Holds::yes) continue;
      auto question = block_question_for(*rule, facts_);
      if (!question) continue;
      if (trace_ != nullptr) trace_->rules.push_back({stage_, rule, {}, "its key is not blocked"});
      judgement_.asked.push_back({rule, std::move(*question), last_traced(), {}});
      if (rule->limit) judgement_.held.push_back({rule, evaluation_.evidence(*rule)});
    }
  }

  // False: the walk ends here.
  bool walk(const Rule& rule) {
    TracedRule* traced = nullptr;
    if (trace_ != nullptr) traced = &trace_->rules.emplace_back(TracedRule{stage_, &rule, {}, {}});
    const Holds holds = evaluation_.ask(rule, facts_, keep_for(rule));
    if (!policy_.scanners.empty() && !rule.shadow) note_scanners(rule, holds);
    if (traced != nullptr) trace_cells(rule, *traced);
    const auto outcome = [traced](std::string text) {
      if (traced != nullptr) traced->outcome = std::move(text);
    };
    if (holds == Holds::no) {
      outcome("does not apply");
      return true;
    }
    if (holds != Holds::yes) {
      const bool deferred = defers_on_outage(rule, holds == Holds::unless_outage, policy_.counters_outage);
      outcome(deferred ? "a list could not be asked: defers" : "a list could not be asked: does not apply");
      if (!deferred) return true;
      judgement_.held.push_back({&rule, {}});
      judgement_.fail(rule, "a list in its conditions could not be asked");
      return false;
    }
    if (rule.only_signs() && !facts_.is_outgoing()) {
      outcome("does not apply: signs outgoing mail only");
      return true;
    }
    if (rule.limit) {
      std::string why;
      if (!ask_limit(rule, traced != nullptr ? &why : nullptr)) outcome("not limited: " + why);
      return true;
    }
    rule.hits->hits.fetch_add(1, std::memory_order_relaxed);
    judgement_.held.push_back({&rule, evaluation_.evidence(rule)});
    outcome(rule.shadow ? "shadow: would " + std::string(to_string(rule.action))
                        : "applies: " + std::string(to_string(rule.action)));
    if (traced != nullptr && rule.block) trace_block(rule, *traced);
    if (rule.shadow) return true;
    if (!rule.skip.empty()) {
      skips_.note(stage_, rule.skip);
      facts_.skip(skips_.off(stage_));
    }
    if (rule.action == Action::none) return true;
    judgement_.decided = &rule;
    return false;
  }

  // Which scanners the rule asked in vain, and which trouble it provides for: where it names temperror, and held.
  void note_scanners(const Rule& rule, Holds holds) {
    for (const auto* conditions : {&rule.when, &rule.unless}) {
      for (const auto& table : conditions->tables) {
        for (const Cell& cell : table) {
          if (evaluation_.found(cell) == nullptr || scan_check(cell.fact.info()) == nullptr) continue;
          if (facts_.get(cell.fact).state != FactValue::State::temperror) continue;
          const std::string_view check = cell.fact.info().whole();
          if (cell.names_temperror && holds == Holds::yes) provided_for_.push_back(check);
          else unanswered_.push_back({check, &rule, &cell.fact});
        }
      }
    }
  }

  // A scanner of on_outage = "defer" did not answer a rule, and no rule provides for that: what was not looked at is
  // deferred, unless it is refused anyhow.
  void defer_unanswered() {
    if (judgement_.refuses()) return;
    for (const Unanswered& one : unanswered_) {
      if (std::ranges::find(provided_for_, one.check) != provided_for_.end()) continue;
      const auto scanner = std::ranges::find(policy_.scanners, one.check, &ScannerUse::check);
      if (scanner == policy_.scanners.end() || scanner->on_outage != Outage::defer) continue;
      std::string why(facts_.reason(*one.fact));
      judgement_.fail(*one.rule, std::string(one.check) + " could not be asked" + (why.empty() ? "" : ": " + why));
      judgement_.trouble_reply = {"451", "4.7.1", "the message cannot be scanned now, try again later"};
      // Before the rule that lets the message go on.
      auto& held = judgement_.held;
      held.insert(judgement_.decided != nullptr ? held.end() - 1 : held.end(), Held{one.rule, {}});
      return;
    }
  }

  // False: this mail is not limited by it; `why`, unless null, says why.
  bool ask_limit(const Rule& rule, std::string* why) {
    const auto before = judgement_.asked.size();
    if (rule.limit->block && rule.limit->block->refuse)
      if (auto question = block_question_for(rule, facts_))
        judgement_.asked.push_back({&rule, std::move(*question), last_traced(), {}});
    if (auto charge = charge_for(rule, stage_, facts_, why)) {
      charge->dispensable = goes_on_uncounted(rule, false, policy_.counters_outage);
      judgement_.asked.push_back({&rule, std::move(*charge), last_traced(), {}});
    }
    for (Charge& question : share_questions_for(rule, facts_)) {
      const auto part = judgement_.asked.size() > before && judgement_.asked.back().part == Asking::Part::accepted
                            ? Asking::Part::not_bounced
                            : Asking::Part::accepted;
      judgement_.asked.push_back({&rule, std::move(question), last_traced(), {}, {}, false, part});
    }
    if (judgement_.asked.size() == before) return false;
    judgement_.held.push_back({&rule, evaluation_.evidence(rule)});
    return true;
  }

  // What only goes along and is told nowhere needs no evidence.
  Evaluation::Keep keep_for(const Rule& rule) const {
    if (trace_ != nullptr) return Evaluation::Keep::all;
    const bool told = rule.action != Action::none || rule.shadow || rule.log || rule.block;
    return told ? Evaluation::Keep::held : Evaluation::Keep::nothing;
  }

  std::size_t last_traced() const { return trace_ != nullptr ? trace_->rules.size() - 1 : 0; }

  void trace_cells(const Rule& rule, TracedRule& traced) const {
    for (const auto* conditions : {&rule.when, &rule.unless}) {
      for (const auto& table : conditions->tables) {
        for (const Cell& cell : table) {
          TracedCell told{(conditions == &rule.when ? "when " : "unless ") + cell.text, {}, {}, {}};
          if (const auto* found = evaluation_.found(cell)) {
            told.value = found->value;
            told.reason = found->reason;
            told.outcome = found->outcome;
          }
          traced.cells.push_back(std::move(told));
        }
      }
    }
  }

  void trace_block(const Rule& rule, TracedRule& traced) {
    bool known = false;
    const std::string key = key_of(facts_, rule.block->by, rule.block->prefix4, rule.block->prefix6, known);
    traced.outcome += known ? "; blocks " + cleaned(key, false, 300) + " for " +
                                  rough_duration(length_of(rule.block->time, facts_.now()))
                            : std::string("; blocks nothing: its key is not known");
  }

  struct Unanswered {
    std::string_view check;
    const Rule* rule;
    const FactRef* fact;
  };

  const Policy& policy_;
  const Stage stage_;
  Facts& facts_;
  Skips& skips_;
  Trace* trace_;
  Evaluation evaluation_;
  Judgement judgement_;
  std::vector<Unanswered> unanswered_;
  std::vector<std::string_view> provided_for_;
};

}  // namespace

Judgement walk_rules(const Policy& policy, Stage stage, Facts& facts, Skips& skips, Trace* trace) {
  return Walk(policy, stage, facts, skips, trace).run();
}

void start_early(const Policy& policy, Stage stage, Facts& facts) {
  if (policy.early[index(stage)].empty()) return;
  // What a rule of this very stage is about to skip is not begun.
  CheckSet off;
  for (const Rule& rule : policy.at(stage)) {
    if (rule.skip.empty() || rule.shadow || rule.has_checks()) continue;
    const bool holds = (rule.when.empty() || rule.when.ask(facts) == Tri::yes) &&
                       (rule.unless.empty() || rule.unless.ask(facts) != Tri::yes);
    if (holds) off = off | rule.skip;
  }
  for (const EarlyCheck& early : policy.early[index(stage)]) {
    if (off.has(early.fact->id)) continue;
    // What is not known yet may still come true; what is known and false will not.
    if (!early.rule->when.empty() && early.rule->when.ask(facts, false) == Tri::no) continue;
    if (!early.rule->unless.empty() && early.rule->unless.ask(facts, false) == Tri::yes) continue;
    facts.start(*early.fact);
  }
}

bool decides_before_scans(const Policy& policy, Facts& facts) {
  for (const Rule& rule : policy.at(Stage::end_of_message)) {
    if (!rule.when.empty() && rule.when.ask(facts, false) == Tri::no) continue;
    if (!rule.unless.empty() && rule.unless.ask(facts, false) == Tri::yes) continue;
    for (const ScannerUse& scanner : policy.scanners)
      if (reads_check(rule, scanner.check, policy)) return false;
    if (rule.shadow) continue;
    if (!rule.skip.empty()) return false;
    if (rule.limit || rule.action == Action::none) continue;
    if (!rule.when.empty() && rule.when.ask(facts) != Tri::yes) continue;
    const Tri unless = rule.unless.empty() ? Tri::no : rule.unless.ask(facts);
    if (unless != Tri::yes && unless != Tri::outage) return true;
  }
  return false;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Session: the action `block` of a rule without a limit. What the rule's conditions say puts a key on the block list;
// whoever is on it is refused from MAIL on, before the stage's own rules are heard and whatever they say. The question is
// asked in the same call as the limits.
#include <algorithm>

#include "base/duration.h"
#include "base/text.h"
#include "engine/limit_key.h"
#include "engine/walk.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

// A text that tells a fact which is not known yet would have a hole in it.
bool all_known(const Template& text, Facts& facts, Door door, Stage stage) {
  return std::all_of(text.segments().begin(), text.segments().end(), [&](const Template::Segment& segment) {
    const auto* fact = std::get_if<FactRef>(&segment.what);
    if (fact == nullptr) return true;
    if (fact->id == FactId::own) return !facts.to_text(*fact).empty();
    const auto from = known_from(info(fact->id), door);
    return from && *from <= stage;
  });
}

}  // namespace

LimitWords Session::words_of_listed(const Rule& rule) const {
  return {{}, {}, rough_duration(length_of(rule.block->time, services_.clock.wall()))};
}

void Session::refuse_blocked(const Rule& rule, std::string key, milliseconds left, Verdict& verdict) {
  const LimitWords words{{}, {}, rough_duration(left)};
  verdict.rule = &rule;
  verdict.fired.push_back(&rule);
  verdict.blocked = std::move(key);
  if (is_refusal(rule.action) && all_known(rule.reply_text, facts_, door_, verdict.stage)) {
    verdict.action = rule.action;
    verdict.reply = rule.reply;
    verdict.reply.text = rule.reply_text.fill(facts_, rule.name, &words);
    return;
  }
  verdict.action = is_refusal(rule.action) ? rule.action : Action::reject;
  verdict.reply = is_refusal(rule.action) ? rule.reply : Reply{"550", "5.7.1", {}};
  verdict.reply.text = "blocked for " + words.retry_after;
}

// A rule that refused a part of this message, and blocked its key, lets nothing more of it pass.
bool Session::refuse_rest(Stage stage, Verdict& verdict) {
  if (just_blocked_.rule == nullptr || stage < Stage::mail) return false;
  ++services_.stats.blocked;
  refuse_blocked(*just_blocked_.rule, just_blocked_.key, just_blocked_.left, verdict);
  return true;
}

// Whether a key on a block list, or the store that could not be asked for it, decides.
bool Session::settle_listed(const Walk& walk, Verdict& verdict) {
  for (const Pending& pending : walk.pending) {
    const Rule& rule = *pending.rule;
    if (!rule.block) continue;
    if (&rule == walk.trouble && std::find(walk.order.begin(), walk.order.end(), &rule) == walk.order.end()) {
      verdict.action = Action::defer;
      verdict.rule = &rule;
      verdict.reply = Reply{"451", "4.3.0", "temporary trouble, try again later"};
      verdict.reason = walk.trouble_what;
      verdict.fired.push_back(&rule);
      return true;
    }
    if (!pending.level.over || !pending.charge.enforce) continue;
    refuse_blocked(rule, pending.charge.key, pending.level.retry_after, verdict);
    return true;
  }
  return false;
}

// Blocks the keys of the rules that had an effect, and says what the shadows would refuse.
void Session::begin_listed(const Walk& walk, Verdict& verdict) {
  for (const auto* rules : {&verdict.fired, &verdict.shadowed}) {
    for (const Rule* rule : *rules) {
      if (!rule->block || dry_run_ || rule == walk.trouble) continue;
      bool known = false;
      const std::string key = key_of(facts_, rule->block->by, rule->block->prefix4, rule->block->prefix6, known);
      if (known) put_on_list(*rule, key);
      if (!known || rule->shadow || !rule->block->time.refuse || !is_refusal(rule->action) || verdict.rule != rule || !in_transaction_) continue;
      just_blocked_ = {rule, key, length_of(rule->block->time, services_.clock.wall())};
    }
  }
  for (const Pending& pending : walk.pending) {
    const Rule* rule = pending.rule;
    if (!rule->block || !rule->shadow || !pending.level.over) continue;
    if (std::find(verdict.shadowed.begin(), verdict.shadowed.end(), rule) != verdict.shadowed.end()) continue;
    rule->hits->shadow.fetch_add(1, std::memory_order_relaxed);
    verdict.shadowed.push_back(rule);
  }
}

void Session::put_on_list(const Rule& rule, const std::string& key) {
  std::string why;  // what of its `when` held
  for (const auto& table : rule.when.tables)
    for (const Cell& cell : table)
      if (cell.ask(facts_) == Tri::yes) why += (why.empty() ? "" : ", ") + cell.fact.name + ' ' + facts_.to_text(cell.fact);
  const Block block{list_name(rule), key, rule.name, cleaned(why.empty() ? "the rule applied" : why, false, longest_block_reason),
                    length_of(rule.block->time, services_.clock.wall()), !facts_.is_outgoing()};
  static_cast<void>(begin_block(services_, *policy_, rule, transaction_.id, block));  // trouble is told there
  facts_.blocks_changed();
}

void Session::trace_block(const Rule& rule, TracedRule& traced) {
  bool known = false;
  const std::string key = key_of(facts_, rule.block->by, rule.block->prefix4, rule.block->prefix6, known);
  traced.outcome += known ? "; blocks " + cleaned(key, false, 300) + " for " + rough_duration(length_of(rule.block->time, services_.clock.wall()))
                          : std::string("; blocks nobody: its key is not known");
}

}  // namespace mailweir

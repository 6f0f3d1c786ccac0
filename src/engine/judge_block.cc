// SPDX-License-Identifier: BSD-2-Clause
// Session: blocked keys. Whether a key is blocked is asked together with the limits, in the same call; one that is stops
// the message like a limit that is over, with its rule's reply.
#include <algorithm>

#include "base/duration.h"
#include "base/text.h"
#include "engine/limit_key.h"
#include "engine/walk.h"

namespace mailweir {

std::string list_name(const Rule& rule) {
  return std::string(blocking(rule)->list) + (rule.shadow ? "~shadow" : "");
}

// False: the key is not known.
bool Session::pending_block(const Rule& rule, Pending& pending) {
  bool known = false;
  const BlockingRule block = *blocking(rule);
  std::string key = key_of(facts_, block.by, block.prefix4, block.prefix6, known);
  if (!known) return false;
  pending.rule = &rule;
  pending.charge = block_question(list_name(rule), std::move(key));
  pending.charge.stranger = !facts_.is_outgoing();
  pending.charge.enforce = !rule.shadow && (rule.block || rule.action != Action::none);
  pending.charge.attempts = rule.limit && rule.limit->attempts;  // asked also when the message is refused otherwise: its limit is
  return true;
}

// Rules of later stages, and of connect and helo, whose blocked keys are refused here. They come before the stage's own.
void Session::walk_blocks(Stage stage, Walk& walk, Trace* trace) {
  for (const Rule* rule : policy_->blocks[index(stage)]) {
    Pending pending;
    if ((rule->limit && holds(*rule, nullptr) != Holds::yes) || !pending_block(*rule, pending)) continue;
    if (trace != nullptr) {
      trace->rules.push_back({stage, rule, {}, "its key is not blocked"});
      pending.traced = trace->rules.size() - 1;
    }
    walk.pending.push_back(std::move(pending));
    if (rule->limit) walk.order.push_back(rule);
  }
}

void Session::note_block(const Pending& pending, Walk& walk, Verdict& verdict, Trace* trace) {
  const Level& level = pending.level;
  if (!level.over) return;
  pending.rule->hits->over.fetch_add(1, std::memory_order_relaxed);
  if (trace != nullptr)
    trace->rules[pending.traced].outcome = "its key is blocked: " + pending.charge.key + ", for another " + rough_duration(level.retry_after);
  if (!pending.charge.enforce || walk.over != nullptr) return;
  walk.over = &pending.level;
  walk.over_rule = pending.rule;
  verdict.blocked = pending.charge.key;
  ++services_.stats.blocked;
}

// Blocks the keys that are over their limit and were not blocked yet. What can never fit is refused for itself: its key
// has not used its limit up.
void Session::begin_blocks(Walk& walk) {
  const auto was_blocked = [&](const Rule* rule) {
    return std::any_of(walk.pending.begin(), walk.pending.end(),
                       [rule](const Pending& one) { return one.rule == rule && one.is_block() && one.level.over; });
  };
  for (Pending& pending : walk.pending) {
    const Rule& rule = *pending.rule;
    Level& level = pending.level;
    if (pending.is_block() || !level.over || level.never_fits || !rule.limit->block || was_blocked(&rule)) continue;
    const std::string limit = to_string(pending.charge.windows[level.window]);
    std::string why = "over " + limit + ", " + std::to_string(level.count) + " counted";
    if (const auto adds = refused_units(pending.charge, level); adds > 0 && level.count < pending.charge.windows[level.window].max)
      why += " and " + std::to_string(adds) + " more in this message";
    const Block block{pending.charge.limit, pending.charge.key, rule.name, std::move(why),
                      length_of(*rule.limit->block, services_.clock.wall()), pending.charge.stranger};
    const auto begun = begin_block(services_, *policy_, rule, transaction_.id, block);
    if (!begun) continue;
    if (!rule.shadow) level.retry_after = block.left;
    pending.began_block = *begun;
  }
}

std::optional<bool> begin_block(Services& services, const Policy& policy, const Rule& rule, std::string_view id, const Block& block) {
  const auto begun = services.counters.block(block, false, Deadline::in(policy.counter_deadline));
  if (!begun) {
    ++services.stats.counter_errors;
    if (const auto count = services.stats.not_blocked_told.enter(services.clock.steady()))
      Event("key-not-blocked").with("id", id).with("rule", rule.name).with("key", block.key).with("count", static_cast<std::int64_t>(*count))
          .with("reason", begun.error().what).to(services.log, Severity::warning);
    return {};
  }
  if (!*begun) return false;
  ++services.stats.blocks;
  Event line("key-blocked");
  line.with("id", id).with("rule", rule.name).with("limit", block.limit).with("key", block.key)
      .with("time", format_duration(block.left)).with("reason", block.reason);
  if (rule.shadow) line.with("what", "the rule is a shadow: refuses nothing");
  line.to(services.log, Severity::warning);
  return true;
}

// The counter may have room again: what is told is the limit that was reached.
LimitWords Session::words_of_block(const Rule& rule, const Pending& pending) const {
  LimitWords words;
  const auto all = windows(*rule.limit, pending.charge.key);
  const auto& told = all.empty() ? rule.limit->max : all;
  if (!told.empty()) {
    words.limit = in_words(told.front(), rule.limit->of);
    words.count = std::to_string(told.front().max);
  }
  words.retry_after = rough_duration(pending.level.retry_after);
  return words;
}

}  // namespace mailweir

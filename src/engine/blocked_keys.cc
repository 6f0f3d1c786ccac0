// SPDX-License-Identifier: BSD-2-Clause
#include "engine/blocked_keys.h"

#include <algorithm>

#include "base/duration.h"
#include "base/text.h"
#include "engine/limit_charge.h"

namespace mailweir {

void BlockedKeys::begin_of_limits(Judgement& judgement, std::string_view id) {
  const auto was_blocked = [&](const Rule* rule) {
    return std::any_of(judgement.asked.begin(), judgement.asked.end(),
                       [rule](const Asking& one) { return one.rule == rule && one.is_block() && one.level.over; });
  };
  for (Asking& asking : judgement.asked) {
    const Rule& rule = *asking.rule;
    Level& level = asking.level;
    if (asking.is_block() || !level.over || level.never_fits || level.share || !rule.limit->block || was_blocked(&rule))
      continue;
    const std::string limit = to_string(asking.charge.windows[level.window]);
    std::string why = "over " + limit + ", " + std::to_string(level.count) + " counted";
    if (const auto adds = refused_units(asking.charge, level);
        adds > 0 && level.count < asking.charge.windows[level.window].max)
      why += " and " + std::to_string(adds) + " more in this message";
    const Block block{asking.charge.limit,
                      asking.charge.key,
                      rule.name,
                      std::move(why),
                      length_of(*rule.limit->block, services_.clock.wall()),
                      asking.charge.stranger};
    const auto begun = begin(rule, block, id);
    if (!begun) continue;
    if (!rule.shadow) level.retry_after = block.left;
    asking.began_block = *begun;
  }
}

void BlockedKeys::begin(const Rule& rule, const Charge& question, const std::vector<Evidence>& evidence,
                        std::string_view id) {
  std::string why;
  for (const Evidence& one : evidence) why += (why.empty() ? "" : ", ") + one.fact + ' ' + one.value;
  const Block block{list_name(rule),
                    question.key,
                    rule.name,
                    cleaned(why.empty() ? "the rule applied" : why, false, longest_block_reason),
                    length_of(rule.block->time, services_.clock.wall()),
                    question.stranger};
  static_cast<void>(begin(rule, block, id));  // trouble has its line
}

// True: this call blocked it; false: it is blocked already, and has its line; nothing: the store could not be asked.
std::optional<bool> BlockedKeys::begin(const Rule& rule, const Block& block, std::string_view id) {
  const auto begun = ledger_.block(block);
  if (!begun) {
    services_.trouble_lines->write(TroubleLines::Of::key_not_blocked,
                                   Event("key-not-blocked")
                                       .with("id", id)
                                       .with("rule", rule.name)
                                       .with("key", block.key)
                                       .with("reason", begun.error().what),
                                   services_.log, services_.clock.steady());
    return {};
  }
  if (!*begun) return false;
  ++services_.stats.blocks;
  Event line("key-blocked");
  line.with("id", id)
      .with("rule", rule.name)
      .with("limit", block.limit)
      .with("key", block.key)
      .with("time", format_duration(block.left))
      .with("reason", block.reason);
  if (rule.shadow) line.with("what", "the rule is in shadow: nothing is refused");
  line.to(services_.log, Severity::warning);
  return true;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "engine/bounce_share.h"

#include <algorithm>
#include <utility>

#include "port/ring.h"
#include "rule/limit_key.h"

namespace mailweir {
namespace {

// Each window's share, 0 below at_least.
std::vector<std::uint64_t> percents(const Limit& limit, const Asking& accepted, const Asking& not_bounced) {
  std::vector<std::uint64_t> shares(limit.shares.size(), 0);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::uint64_t all = accepted.totals[i], good = std::min(all, not_bounced.totals[i]);
    if (all > 0 && all >= limit.at_least)
      shares[i] = static_cast<std::uint64_t>(static_cast<double>(all - good) * 100 / static_cast<double>(all));
  }
  return shares;
}

bool is_over(const Limit& limit, std::size_t i, const Asking& accepted, const Asking& not_bounced) {
  const std::uint64_t all = accepted.totals[i], good = std::min(all, not_bounced.totals[i]);
  return all > 0 && all >= limit.at_least &&
         static_cast<double>(all - good) * 100 > static_cast<double>(limit.shares[i].max) * static_cast<double>(all);
}

void settle(Asking& accepted, Asking& not_bounced) {
  const Limit& limit = *accepted.rule->limit;
  const auto count = limit.shares.size();
  if (accepted.totals.size() != count || not_bounced.totals.size() != count) return;
  Level level;
  level.no_room = accepted.level.no_room || not_bounced.level.no_room;
  const auto shares = percents(limit, accepted, not_bounced);
  for (std::size_t i = 0; i < count; ++i) {
    const bool over = is_over(limit, i, accepted, not_bounced);
    const bool fuller = shares[i] * limit.shares[level.window].max > shares[level.window] * limit.shares[i].max;
    if (level.over ? !over : !over && !fuller) continue;
    if (!level.over || fuller) level.window = i;
    level.over = level.over || over;
  }
  level.count = shares[level.window];
  level.retry_after = limit.shares[level.window].period;
  accepted.charge.limit = counter_of(*accepted.rule);
  accepted.charge.windows = limit.shares;
  accepted.charge.enforce = !accepted.rule->shadow && accepted.rule->action != Action::none;
  accepted.level = level;
  // Warned of is the limit, not its parts.
  accepted.totals = limit.warn_at > 0 ? shares : std::vector<std::uint64_t>();
  not_bounced.totals.clear();
}

}  // namespace

std::string counter_of(const Rule& rule) { return rule.limit->counter + (rule.shadow ? "~shadow" : ""); }

std::array<std::string, 2> share_counters(const std::string& counter) {
  return {counter + "~accepted", counter + "~not-bounced"};
}

std::vector<Charge> share_charges(const Limit& limit, const std::string& counter, const std::string& key,
                                  std::uint64_t amount) {
  std::vector<Charge> charges;
  if (limit.shares.empty()) return charges;
  for (auto& name : share_counters(counter)) {
    Charge& charge = charges.emplace_back();
    charge.limit = std::move(name);
    charge.key = key;
    for (const Window& share : limit.shares) charge.windows.push_back({ring::most_count, share.period});
    charge.amount = amount;
    charge.enforce = false;
    charge.dispensable = true;
  }
  return charges;
}

std::vector<Charge> share_questions_for(const Rule& rule, Facts& facts) {
  const Limit& limit = *rule.limit;
  if (limit.shares.empty()) return {};
  bool known = false;
  const std::string key = key_of(facts, limit.by, limit.prefix4, limit.prefix6, known);
  if (!known) return {};
  auto charges = share_charges(limit, counter_of(rule), key, 0);
  for (Charge& charge : charges) charge.stranger = facts.is_of_stranger();
  return charges;
}

void settle_shares(std::vector<Asking>& asked) {
  for (std::size_t i = 0; i + 1 < asked.size(); ++i)
    if (asked[i].part == Asking::Part::accepted && asked[i + 1].part == Asking::Part::not_bounced)
      settle(asked[i], asked[i + 1]);
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "app/counter_desk.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/duration.h"
#include "base/text.h"
#include "engine/bounce_share.h"
#include "rule/blocking.h"
#include "rule/limit_key.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr std::size_t most_rows = 100'001;  // one more than people are shown, so that it is seen when there are more
constexpr std::chrono::seconds patience{2}, long_patience{30};  // for one key; for all that is there

std::string dumped(const json& value) { return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n'; }

const Limit* limit_named(const Policy& policy, std::string_view name) {
  for (const auto& rules : policy.rules)
    for (const Rule& rule : rules)
      if (rule.limit && rule.limit->counter == name) return &*rule.limit;
  return nullptr;
}

// Whether a limit or a rule that blocks has that name, so that its keys are asked for.
bool blocks_keys(const Policy& policy, const std::string& name) {
  return std::any_of(policy.blocking.begin(), policy.blocking.end(),
                     [&](const Rule* rule) { return blocking(*rule)->list == name; });
}

// The counters of a rule in shadow have a name of their own.
std::string_view without_shadow(std::string_view name) {
  constexpr std::string_view shadow = "~shadow";
  if (name.ends_with(shadow)) name.remove_suffix(shadow.size());
  return name;
}

// The key as the engine spells it: "ANN@example.com" is counted as "ann@example.com", 192.0.2.7 by /24 as 192.0.2.0.
Result<std::string> key_in(const Policy& policy, const KeyOfLimit& of) {
  const std::string_view name = without_shadow(of.limit);
  if (const Limit* limit = limit_named(policy, name))
    return key_as_counted(limit->by, limit->prefix4, limit->prefix6, of.key, policy.spelling);
  for (const Rule* rule : policy.blocking)
    if (const auto blocks = blocking(*rule); blocks->list == name)
      return key_as_counted(blocks->by, blocks->prefix4, blocks->prefix6, of.key, policy.spelling);
  return of.key;  // of a policy that is no more
}

// For what takes away: a key that can't be spelled so may stand there from a policy before.
KeyOfLimit spelled(const Policy& policy, const KeyOfLimit& of) {
  auto key = key_in(policy, of);
  return {of.limit, key ? *std::move(key) : of.key};
}

Error no_limit(const std::string& name) {
  return Error{"no limit \"" + cleaned(name, true, 100) +
               "\" in the policy, and no rule with block of this name; a limit has the name of its rule, unless name = "
               "gives another"};
}

}  // namespace

bool CounterDesk::this_node_only() const {
  const auto* fallback = stores_.fallback();
  return fallback != nullptr && !fallback->stats().up;
}

Result<std::string> CounterDesk::counters(const KeyOfLimit& of, std::size_t most, bool top) {
  if (!of.limit.empty() && limit_named(*policy_.get(), without_shadow(of.limit)) == nullptr) return no_limit(of.limit);
  CounterQuery query;
  query.limit = of.limit;
  query.key = of.key.empty() || of.limit.empty() ? folded(trimmed(of.key)) : spelled(*policy_.get(), of).key;
  query.most = std::min(most, most_rows);
  query.highest = top;
  auto rows = stores_.use().list(query, Deadline::in(long_patience));
  if (!rows) return rows.error();
  json result = json::array();
  for (const auto& row : *rows)
    result.push_back({{"limit", row.limit},
                      {"key", row.key},
                      {"period", row.period.count() == 0 ? "now" : format_duration(row.period)},
                      {"count", row.count}});
  return dumped(result);
}

Result<std::string> CounterDesk::blocks() {
  const auto blocks = stores_.use().blocks(most_rows, Deadline::in(long_patience));
  if (!blocks) return blocks.error();
  json result = json::array();
  for (const Block& block : *blocks)
    result.push_back({{"limit", block.limit},
                      {"key", block.key},
                      {"rule", block.rule},
                      {"reason", block.reason},
                      {"left", rough_duration(block.left)},
                      {"seconds_left", std::chrono::ceil<std::chrono::seconds>(block.left).count()}});
  return dumped(result);
}

Result<std::string> CounterDesk::block(const KeyOfLimit& of, const std::string& time) {
  const auto policy = policy_.get();
  const bool blocks = blocks_keys(*policy, of.limit);
  if (!blocks && limit_named(*policy, of.limit) == nullptr) return no_limit(of.limit);
  if (!blocks)
    return Error{"limit \"" + of.limit +
                 "\" has no block in the policy, so the block would have no effect; add block = \"1d\" to it"};
  const auto span = parse_block_time(time);
  if (!span) return Error{"the time " + span.error().what};
  const auto key = key_in(*policy, of);
  if (!key) return key.error();
  const Block block{of.limit, *key, "-", "by hand", length_of(*span, clock_.wall())};
  const auto blocked = stores_.use().block(block, true, Deadline::in(patience));
  if (!blocked) return blocked.error();
  Event("key-blocked")
      .with("limit", of.limit)
      .with("key", block.key)
      .with("time", format_duration(block.left))
      .with("reason", block.reason)
      .to(log_, Severity::notice);
  const bool here_only = this_node_only();
  return dumped({{"blocked", *blocked}, {"left", rough_duration(block.left)}, {"this_node_only", here_only}});
}

Result<std::size_t> CounterDesk::forget(const Policy& policy, const KeyOfLimit& of) {
  const auto deadline = Deadline::in(long_patience);
  auto removed = stores_.use().reset(of.limit, of.key, deadline);
  const Limit* const limit = limit_named(policy, without_shadow(of.limit));
  if (!removed || limit == nullptr || limit->shares.empty()) return removed;
  for (const auto& name : share_counters(of.limit)) {
    const auto more = stores_.use().reset(name, of.key, deadline);
    if (!more) return more.error();
    *removed += *more;
  }
  return removed;
}

Result<std::string> CounterDesk::unblock(const KeyOfLimit& asked) {
  const KeyOfLimit of = spelled(*policy_.get(), asked);
  const bool here_only = this_node_only();
  const auto was = stores_.use().unblock(of.limit, of.key, Deadline::in(patience));
  if (!was) return was.error();
  // A block may outlive its limit; but a name that is not in the policy is most likely a slip.
  if (!*was && limit_named(*policy_.get(), without_shadow(of.limit)) == nullptr &&
      !blocks_keys(*policy_.get(), of.limit))
    return no_limit(of.limit);
  // Its counter is at the limit still, and the next message would block it again. Whether others have it blocked is not
  // known while the store is away.
  if (*was || here_only)
    if (const auto forgotten = forget(*policy_.get(), of); !forgotten) return forgotten.error();
  if (*was)
    Event("key-unblocked")
        .with("limit", of.limit)
        .with("key", of.key)
        .with("reason", "by hand")
        .to(log_, Severity::notice);
  return dumped({{"unblocked", *was}, {"this_node_only", here_only}});
}

Result<std::string> CounterDesk::reset(const KeyOfLimit& asked) {
  if (asked.limit.empty()) return Error{"the limit is missing"};
  const KeyOfLimit of = spelled(*policy_.get(), asked);
  if (limit_named(*policy_.get(), without_shadow(of.limit)) == nullptr && !blocks_keys(*policy_.get(), of.limit))
    return no_limit(of.limit);
  const bool here_only = this_node_only();
  const auto removed = forget(*policy_.get(), of);
  if (!removed) return removed.error();
  if (*removed > 0)
    Event("counter-reset")
        .with("limit", of.limit)
        .with("key", of.key)
        .with("counters", static_cast<std::int64_t>(*removed))
        .to(log_, Severity::notice);
  return dumped({{"counters", *removed}, {"this_node_only", here_only}});
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "engine/alert_edges.h"

#include <algorithm>

#include "engine/limit_charge.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

constexpr seconds period_of_leases{3600};  // open connections have no period of their own
constexpr seconds ask_again{60};           // a node asks the store about a key at most so often

// The first count that is `percent` of `max`.
std::uint64_t share_of(std::uint64_t max, unsigned percent) {
  return max / 100 * percent + (max % 100 * percent + 99) / 100;
}

bool is_among(const std::vector<const Rule*>& rules, const Rule* rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace

std::vector<Alert> AlertEdges::alerts_of(const Judgement& judgement, const Verdict& verdict) {
  std::vector<Alert> alerts;
  for (const Asking& asking : judgement.asked) near(asking, alerts);
  if (verdict.rule != nullptr && verdict.rule->block && !verdict.blocked.empty()) return alerts;  // no rule was heard
  for (const Held& held : judgement.held) {
    const Rule& rule = *held.rule;
    if (&rule == judgement.trouble || !rule.alert) continue;
    if (is_among(verdict.fired, &rule) || is_among(verdict.shadowed, &rule))
      acting(rule, judgement.telling(rule), alerts);
  }
  return alerts;
}

Alert AlertEdges::alert_of(const Rule& rule, AlertKind kind) const {
  Alert alert;
  alert.time = services_.clock.wall();
  alert.kind = kind;
  alert.rule = rule.name;
  alert.shadow = rule.shadow;
  alert.action = to_string(rule.action);
  alert.id = transaction_.id;
  alert.queue_id = transaction_.queue_id;
  if (client_.address) alert.client_address = client_.address->to_string();
  alert.login = transaction_.sasl_username;
  if (!transaction_.sender.is_absent())
    alert.sender = transaction_.sender.is_null() ? "<>" : transaction_.sender.original();
  alert.key = alert.login.empty() ? alert.client_address : alert.login;
  return alert;
}

Alert AlertEdges::alert_of(const Asking& asking, AlertKind kind, const Window& window, std::uint64_t count) const {
  Alert alert = alert_of(*asking.rule, kind);
  alert.key = asking.charge.key;
  alert.limit = to_string(window);
  alert.count = count;
  alert.maximum = window.max;
  if (kind != AlertKind::near) alert.adds = refused_units(asking.charge, asking.level);
  return alert;
}

// Whether it is for us to raise: no node has raised it for this key and window within its period.
bool AlertEdges::is_first(const Asking& asking, AlertKind kind, const Window& window) {
  const seconds period = window.period.count() > 0 ? window.period : period_of_leases;
  const Block mark{alert_mark(asking.charge.limit, to_string(kind), window.period),
                   asking.charge.key,
                   asking.rule->name,
                   "told",
                   period,
                   asking.charge.stranger};
  if (!services_.alert_marks->enter(mark.limit + '\n' + mark.key, services_.clock.steady(),
                                    std::min(period, ask_again)))
    return false;
  const auto first = ledger_.block(mark);
  return first ? *first : true;  // better from two nodes than from none
}

void AlertEdges::acting(const Rule& rule, const Asking* asking, std::vector<Alert>& alerts) {
  if (asking == nullptr) {
    alerts.push_back(alert_of(rule, AlertKind::hit));
    return;
  }
  if (asking->is_block()) return;  // raised when it began
  const Level& level = asking->level;
  if (level.share) return;  // of an outage, not of its key
  const Window& window = asking->charge.windows[level.window];
  if (level.never_fits &&
      window.max > 0) {  // one message that is too much by itself: its key has not used the limit up
    alerts.push_back(alert_of(rule, AlertKind::hit));
    return;
  }
  if (rule.limit->warn_at > 0) is_first(*asking, AlertKind::near, window);  // no warning of what has happened
  if (rule.limit->block && !level.never_fits) {
    if (asking->began_block) alerts.push_back(alert_of(*asking, AlertKind::blocked, window, level.count));
  } else if (is_first(*asking, AlertKind::over, window)) {
    alerts.push_back(alert_of(*asking, AlertKind::over, window, level.count));
  }
}

void AlertEdges::near(const Asking& asking, std::vector<Alert>& alerts) {
  const auto& windows = asking.charge.windows;
  if (asking.totals.size() != windows.size()) return;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const bool over = asking.level.over && asking.level.window == i;
    if (windows[i].max == 0 || (over && asking.rule->alert)) continue;
    if (asking.totals[i] < share_of(windows[i].max, asking.rule->limit->warn_at)) continue;
    if (is_first(asking, AlertKind::near, windows[i]))
      alerts.push_back(alert_of(asking, AlertKind::near, windows[i], asking.totals[i]));
  }
}

}  // namespace mailweir

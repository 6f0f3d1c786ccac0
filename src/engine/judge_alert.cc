// SPDX-License-Identifier: BSD-2-Clause
// Session: alerts. A limit's are edges: told when a key crosses it or reaches its warn_at, and not again before the
// window's period has passed, by one of all nodes. That is a mark in the counter store, made as a block is, under a name
// that no limit asks about. The alerts of a rule without a limit are told each time; who receives them groups them.
#include <algorithm>

#include "engine/walk.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

constexpr seconds period_of_leases{3600};  // open connections have no period of their own
constexpr seconds ask_again{60};           // a node asks the store about a key at most so often

// The first count that is `percent` of `max`.
std::uint64_t share_of(std::uint64_t max, unsigned percent) { return max / 100 * percent + (max % 100 * percent + 99) / 100; }

}  // namespace

std::uint64_t refused_units(const Charge& charge, const Level& level) {
  return level.over && charge.enforce && !charge.attempts ? charge.amount : 0;
}

Alert Session::alert_of(const Rule& rule, AlertKind kind) const {
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
  if (!transaction_.sender.is_absent()) alert.sender = transaction_.sender.is_null() ? "<>" : transaction_.sender.original();
  alert.key = alert.login.empty() ? alert.client_address : alert.login;
  return alert;
}

Alert Session::alert_of(const Pending& pending, AlertKind kind, const Window& window, std::uint64_t count) const {
  Alert alert = alert_of(*pending.rule, kind);
  alert.key = pending.charge.key;
  alert.limit = to_string(window);
  alert.count = count;
  alert.maximum = window.max;
  alert.adds = refused_units(pending.charge, pending.level);
  return alert;
}

// Whether it is for us to tell: nobody has told it of this key and window within its period.
bool Session::is_first(const Pending& pending, AlertKind kind, const Window& window) {
  const seconds period = window.period.count() > 0 ? window.period : period_of_leases;
  Block mark{alert_mark(pending.charge.limit, to_string(kind), window.period), pending.charge.key, pending.rule->name, "told", period,
             pending.charge.stranger};
  if (!services_.alert_marks->enter(mark.limit + '\n' + mark.key, services_.clock.steady(), std::min(period, ask_again))) return false;
  const auto first = services_.counters.block(mark, false, Deadline::in(policy_->counter_deadline));
  if (first) return *first;
  ++services_.stats.counter_errors;
  return true;  // better from two nodes than from none
}

// A rule acts, or would if it were no shadow; `pending` is what its limit found, null without one.
void Session::alert_acting(const Rule& rule, const Pending* pending, Verdict& verdict) {
  if (!rule.alert || dry_run_) return;
  if (pending == nullptr) {
    verdict.alerts.push_back(alert_of(rule, AlertKind::hit));
    return;
  }
  if (pending->is_block()) return;  // told when it began
  const Level& level = pending->level;
  const Window& window = pending->charge.windows[level.window];
  if (level.never_fits && window.max > 0) {  // one message that is too much by itself: its key has not used the limit up
    verdict.alerts.push_back(alert_of(rule, AlertKind::hit));
    return;
  }
  if (rule.limit->warn_at > 0) is_first(*pending, AlertKind::near, window);  // nobody is warned of what has happened
  if (rule.limit->block && !level.never_fits) {
    if (pending->began_block) verdict.alerts.push_back(alert_of(*pending, AlertKind::blocked, window, level.count));
  } else if (is_first(*pending, AlertKind::over, window)) {
    verdict.alerts.push_back(alert_of(*pending, AlertKind::over, window, level.count));
  }
}

// What the charges asked have reached of their warn_at. `totals` are those of all their windows, in order.
void Session::alert_near(const std::vector<Pending*>& asked, const std::vector<std::uint64_t>& totals, Verdict& verdict) {
  std::size_t at = 0;
  for (const Pending* pending : asked) {
    const auto& windows = pending->charge.windows;
    const std::size_t first = at;
    at += windows.size();
    if (pending->is_block() || pending->rule->limit->warn_at == 0 || at > totals.size()) continue;
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const bool over = pending->level.over && pending->level.window == i;
      if (windows[i].max == 0 || (over && pending->rule->alert)) continue;
      if (totals[first + i] < share_of(windows[i].max, pending->rule->limit->warn_at)) continue;
      if (is_first(*pending, AlertKind::near, windows[i]))
        verdict.alerts.push_back(alert_of(*pending, AlertKind::near, windows[i], totals[first + i]));
    }
  }
}

// Edges have their line now, whether the verdict has one or not. The mail that carries an alert must not make another.
void Session::raise_alerts(const Verdict& verdict) {
  if (verdict.alerts.empty()) return;
  log_alerts(verdict, true);
  const bool own_mail = client_.origin == Origin::local && !policy_->alert_sender.empty() && transaction_.sender.text() == policy_->alert_sender;
  if (services_.alerts == nullptr || own_mail) return;
  for (const Alert& alert : verdict.alerts) services_.alerts->raise(alert);
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/alert/alert_group.h"

#include <algorithm>

namespace mailweir {

std::optional<AlertNotice> AlertGroup::add(Alert alert, SteadyTime now) {
  if (span_.count() == 0) return alert;
  const RuleKind rule{alert.rule, alert.kind};
  auto found = loud_until_.find(rule);
  const bool quiet = found == loud_until_.end() || found->second <= now;
  if (found == loud_until_.end()) {
    if (loud_until_.size() >= most_rules)
      std::erase_if(loud_until_, [now](const auto& one) { return one.second <= now; });
    if (loud_until_.size() < most_rules) found = loud_until_.emplace(rule, now).first;
  }
  if (found != loud_until_.end()) found->second = now + span_;
  if (quiet && found != loud_until_.end()) return alert;
  collect(alert, now);
  return {};
}

void AlertGroup::collect(const Alert& alert, SteadyTime now) {
  if (!due_) due_ = now + span_;
  if (sum_.alerts++ == 0) sum_.first = sum_.last = alert.time;
  sum_.last = std::max(sum_.last, alert.time);
  const LineKey key{alert.rule, alert.kind, alert.key};
  auto found = lines_.find(key);
  if (found == lines_.end()) {
    if (lines_.size() >= most_lines) {
      ++sum_.more_keys;
      return;
    }
    found = lines_
                .emplace(key,
                         AlertSummary::Line{alert.rule, alert.kind, alert.key, alert.shadow, 0, alert.time, alert.time})
                .first;
  }
  ++found->second.count;
  found->second.last = std::max(found->second.last, alert.time);
}

void AlertGroup::lose(std::uint64_t count, SteadyTime now) {
  if (count == 0) return;
  sum_.lost += count;
  if (!due_) due_ = now + span_;
}

std::optional<AlertNotice> AlertGroup::due(SteadyTime now) {
  if (!due_ || now < *due_) return {};
  return rest();
}

std::optional<AlertNotice> AlertGroup::rest() {
  due_.reset();
  if (sum_.alerts == 0 && sum_.lost == 0) return {};
  AlertSummary summary = std::move(sum_);
  sum_ = {};
  for (auto& [key, line] : lines_) summary.top.push_back(std::move(line));
  lines_.clear();
  std::stable_sort(summary.top.begin(), summary.top.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  if (summary.top.size() > longest_top) {
    summary.more_keys += summary.top.size() - longest_top;
    summary.top.resize(longest_top);
  }
  return summary;
}

void AlertGroup::set_span(std::chrono::milliseconds span, SteadyTime now) {
  span_ = span;
  for (auto& [rule, until] : loud_until_) until = std::min(until, now + span);
  if (due_) due_ = std::min(*due_, now + span);
}

}  // namespace mailweir

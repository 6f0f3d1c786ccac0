// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/value_table.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::int64_t between_sweeps = 60'000;

template <typename Values>
auto find_member(Values& values, std::string_view member) {
  return std::find_if(values.begin(), values.end(), [member](const auto& value) { return value.member == member; });
}

}  // namespace

// What was seen ahead of a clock that has gone back is of now.
void ValueTable::settle(Values& values, std::int64_t span, std::int64_t now) {
  if (values.empty() || values.back().at <= now + span) return;
  for (Value& value : values) value.at = std::min(value.at, now);
  std::sort(values.begin(), values.end());
}

ValueTable::Found ValueTable::look(const ValueSetName& name, std::string_view member, std::int64_t now) {
  Found found;
  const auto set = sets_.find(name);
  if (set == sets_.end()) return found;
  const std::int64_t span = span_of(name.period);
  settle(set->second, span, now);
  for (const Value& value : set->second) {
    if (!counts(value, span, now)) continue;
    ++found.live;
    found.held = found.held || value.member == member;
  }
  return found;
}

std::int64_t ValueTable::left_at(const ValueSetName& name, std::uint64_t leave, std::int64_t now) const {
  const std::int64_t span = span_of(name.period);
  if (const auto set = sets_.find(name); set != sets_.end()) {
    for (const Value& value : set->second)
      if (counts(value, span, now) && --leave == 0) return value.at + span;
  }
  return now + span;
}

ValueTable::Sets::iterator ValueTable::find_or_make(const ValueSetName& name) {
  const auto set = sets_.find(name);
  if (set != sets_.end()) return set;
  return sets_.emplace(Name{std::string(name.limit), std::string(name.key), name.period, name.owner}, Values{}).first;
}

// The member is not among them.
void ValueTable::put(Sets::iterator set, std::string_view member, std::int64_t at) {
  Values& values = set->second;
  Value value{at, std::string(member)};
  const auto place = std::upper_bound(values.begin(), values.end(), value);
  values.insert(place, std::move(value));
  ++size_;
  if (room_ != nullptr) room_->add(set->first.owner, 1);
}

void ValueTable::drop(Sets::iterator set, std::int64_t now) {
  const std::int64_t span = span_of(set->first.period);
  settle(set->second, span, now);
  forget_some(set->first,
              std::erase_if(set->second, [span, now](const Value& value) { return !counts(value, span, now); }));
}

bool ValueTable::see(const ValueSetName& name, std::string_view member, std::int64_t now, std::uint64_t keep) {
  const auto set = find_or_make(name);
  Values& values = set->second;
  drop(set, now);
  const auto known = find_member(values, member);
  const bool fresh = known == values.end();
  if (!fresh) {
    values.erase(known);
    forget_some(set->first, 1);
  }
  put(set, member, now);
  if (values.size() > keep) {
    const auto gone = static_cast<std::ptrdiff_t>(values.size() - keep);
    values.erase(values.begin(), values.begin() + gone);
    forget_some(set->first, static_cast<std::size_t>(gone));
  }
  return fresh;
}

void ValueTable::remove(Sets::iterator set, Values::iterator value) {
  set->second.erase(value);
  forget_some(set->first, 1);
  if (set->second.empty()) sets_.erase(set);
}

void ValueTable::take_back(const ValueSetName& name, std::string_view member, std::int64_t at) {
  const auto set = sets_.find(name);
  if (set == sets_.end()) return;
  const auto value = find_member(set->second, member);
  if (value != set->second.end() && value->at == at) remove(set, value);
}

void ValueTable::forget(const ValueSetName& name, std::string_view member) {
  const auto set = sets_.find(name);
  if (set == sets_.end()) return;
  const auto value = find_member(set->second, member);
  if (value != set->second.end()) remove(set, value);
}

std::size_t ValueTable::erase(std::string_view limit, std::string_view key, std::int64_t now) {
  std::size_t erased = 0;
  for (auto set = sets_.begin(); set != sets_.end();) {
    const auto& [name, values] = *set;
    // What is remembered is no counter: whom a login has written to it has still written to.
    if (name.limit != limit || name.key != key || name.period == 0) {
      ++set;
      continue;
    }
    const std::int64_t span = span_of(name.period);
    const bool any =
        std::any_of(values.begin(), values.end(), [&](const Value& value) { return counts(value, span, now); });
    erased += any ? 1 : 0;
    forget_some(name, values.size());
    set = sets_.erase(set);
  }
  return erased;
}

void ValueTable::sweep(std::int64_t now, bool forced) {
  if (!forced && now < next_sweep_ && next_sweep_ <= now + between_sweeps) return;
  next_sweep_ = now + between_sweeps;
  for (auto set = sets_.begin(); set != sets_.end();) {
    drop(set, now);
    set = set->second.empty() ? sets_.erase(set) : std::next(set);
  }
}

void ValueTable::for_each(std::int64_t now, const std::function<void(const ValueSetName&, std::uint64_t)>& use) const {
  for (const auto& [name, values] : sets_) {
    const std::int64_t span = span_of(name.period);
    const auto live =
        std::count_if(values.begin(), values.end(), [&](const Value& value) { return counts(value, span, now); });
    if (live > 0) use({name.limit, name.key, name.period, name.owner}, static_cast<std::uint64_t>(live));
  }
}

void ValueTable::for_each_value(
    const std::function<void(const ValueSetName&, std::string_view, std::int64_t)>& use) const {
  for (const auto& [name, values] : sets_)
    for (const Value& value : values) use({name.limit, name.key, name.period, name.owner}, value.member, value.at);
}

void ValueTable::restore(const ValueSetName& name, std::string_view member, std::int64_t at) {
  forget(name, member);
  put(find_or_make(name), member, at);
}

void ValueTable::clear() {
  for (const auto& [name, values] : sets_) forget_some(name, values.size());
  sets_.clear();
}

}  // namespace mailweir

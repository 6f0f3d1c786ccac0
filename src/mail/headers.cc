// SPDX-License-Identifier: BSD-2-Clause
#include "mail/headers.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::size_t field_cost = 100;  // two strings, their place in a vector, the allocator's share
constexpr std::size_t longest_name = 76;

constexpr bool is_wsp(char c) { return c == ' ' || c == '\t'; }

}  // namespace

// Whether one more field, or one more value, may be kept.
bool HeaderList::room_for(std::size_t size, bool edit) const {
  return arrived_.size() + top_.size() + end_.size() < limits_.fields + (edit ? limits_.more_fields : 0) &&
         bytes_ + size + field_cost <= limits_.bytes + (edit ? limits_.more_bytes : 0);
}

bool HeaderList::receive(std::string_view name, std::string_view value) {
  if (!room_for(name.size() + value.size(), false)) return false;
  bytes_ += name.size() + value.size() + field_cost;
  constexpr std::size_t common = 24;  // most messages have fewer fields
  if (arrived_.empty()) arrived_.reserve(common);
  arrived_.push_back({{std::string(name), std::string(value)}, unchanged});
  return true;
}

std::vector<std::string> HeaderList::values(std::string_view name) const {
  std::vector<std::string> result;
  for (const auto& arrived : arrived_)
    if (equal_folded(arrived.field.name, name)) result.push_back(unfolded(arrived.field.value));
  return result;
}

std::size_t HeaderList::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(arrived_.begin(), arrived_.end(), [&](const Arrived& arrived) {
    return equal_folded(arrived.field.name, name);
  }));
}

// Without SMFIP_HDR_LEADSPC the MTA puts the blank itself.
std::string HeaderList::outgoing(std::string_view value) const {
  return (traits_.leading_space ? " " : "") + safe_header_value(value, traits_.utf8);
}

bool HeaderList::change(Arrived& arrived, const std::string& value) {
  if (arrived.edit != unchanged) {
    changed_[arrived.edit] = value;
    return true;
  }
  if (!room_for(value.size(), true)) return false;
  bytes_ += value.size() + field_cost;
  arrived.edit = static_cast<std::uint32_t>(changed_.size());
  changed_.push_back(value);
  return true;
}

bool HeaderList::add(Place place, std::string_view name, std::string_view value) {
  auto safe = outgoing(value);
  if (!is_header_name(name) || !room_for(name.size() + safe.size(), true)) return false;
  bytes_ += name.size() + safe.size() + field_cost;
  (place == Place::top ? top_ : end_).push_back({std::string(name), std::move(safe)});
  return true;
}

bool HeaderList::edited() const {
  return !top_.empty() || !end_.empty() || std::any_of(arrived_.begin(), arrived_.end(), [](const Arrived& arrived) {
    return arrived.edit != unchanged;
  });
}

std::vector<HeaderView> HeaderList::leaving() const {
  std::vector<HeaderView> fields;
  fields.reserve(arrived_.size() + top_.size() + end_.size());
  each_leaving([&fields](const HeaderView& field) { fields.push_back(field); });
  return fields;
}

// Of each field that arrived: which of its name it is, from 1. By sorting: strangers choose the names.
std::vector<std::uint32_t> HeaderList::occurrences_of_names() const {
  const auto less = [](std::string_view a, std::string_view b) {
    return std::ranges::lexicographical_compare(a, b, {}, fold, fold);
  };
  std::vector<std::uint32_t> order(arrived_.size()), occurrences(arrived_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::string_view one = arrived_[a].field.name, other = arrived_[b].field.name;
    return less(one, other) || (!less(other, one) && a < b);
  });
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool same = i > 0 && equal_folded(arrived_[order[i]].field.name, arrived_[order[i - 1]].field.name);
    occurrences[order[i]] = seen = same ? seen + 1 : 1;
  }
  return occurrences;
}

std::vector<HeaderOp> HeaderList::ops() const {
  std::vector<HeaderOp> list;
  if (!edited()) return list;
  const auto occurrences = std::ranges::all_of(arrived_, [](auto& field) { return field.edit == unchanged; })
                               ? std::vector<std::uint32_t>()
                               : occurrences_of_names();
  for (std::size_t i = 0; i < occurrences.size(); ++i) {
    const auto& arrived = arrived_[i];
    const auto occurrence = occurrences[i];
    if (arrived.edit == gone) list.push_back({HeaderOp::Kind::remove, arrived.field.name, occurrence, ""});
    else if (arrived.edit != unchanged)
      list.push_back({HeaderOp::Kind::change, arrived.field.name, occurrence, changed_[arrived.edit]});
  }
  std::reverse(list.begin(), list.end());
  for (const auto& field : top_) list.push_back({HeaderOp::Kind::insert, field.name, 0, field.value});
  for (const auto& field : end_) list.push_back({HeaderOp::Kind::append, field.name, 0, field.value});
  return list;
}

std::string unfolded(std::string_view value) {
  value = trimmed(value);
  std::string line;
  line.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\n' || (value[i] == '\r' && i + 1 < value.size() && value[i + 1] == '\n')) continue;
    line += value[i];
  }
  return line;
}

std::string safe_header_value(std::string_view value, bool utf8) {
  value = trimmed(value);
  std::string safe;
  safe.reserve(value.size());
  std::size_t used = 0;  // of the line that is being written
  while (!value.empty()) {
    const auto end = value.find('\n');
    auto line = value.substr(0, end);
    value.remove_prefix(end == value.npos ? value.size() : end + 1);
    const bool fold = !safe.empty() && is_wsp(line.empty() ? '.' : line.front());
    line = trimmed(line);
    if (line.empty()) continue;
    if (fold) {
      safe += "\n\t";
      used = 1;
    } else if (!safe.empty()) {
      if (used + 1 >= longest_header_line) continue;
      safe += ' ';
      ++used;
    }
    const auto before = safe.size();
    const bool plain = std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7f; });
    if (plain) {
      safe += line.substr(0, longest_header_line - used);
    } else {  // a tab is a blank to every reader, and the only control byte that may stay one
      std::string blanks(line);
      std::replace(blanks.begin(), blanks.end(), '\t', ' ');
      safe += cleaned(blanks, !utf8, longest_header_line - used);
    }
    used += safe.size() - before;
    for (; safe.ends_with(' '); --used) safe.pop_back();  // where it was cut
  }
  return safe;
}

bool is_header_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool header_name_matches(std::string_view pattern, std::string_view name) {
  if (equal_folded(pattern, name)) return true;
  const bool wild = std::ranges::any_of(pattern, [](char c) { return c == '*' || c == '?'; });
  return wild && matches_wildcard(pattern, name);
}

}  // namespace mailweir

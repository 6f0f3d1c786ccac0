// SPDX-License-Identifier: BSD-2-Clause
#include "config/section.h"

#include <algorithm>

#include "base/duration.h"
#include "base/text.h"

namespace mailweir {

namespace {

Place place_of(const toml::source_region& source) {
  return {source.path ? *source.path : std::string("?"), source.begin.line, source.begin.column};
}

}  // namespace

Place place_of(const toml::node& node) { return place_of(node.source()); }
Place place_of(const toml::key& key) { return place_of(key.source()); }

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a number with a point";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

bool is_true(const toml::node& node) { return node.value_exact<bool>().value_or(false); }

bool is_name(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
    return (fold(c) >= 'a' && fold(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

const toml::node* Section::node(std::string_view key) {
  asked_.push_back(key);
  return table_->get(key);
}

void Section::wrong(const toml::node& node, std::string_view key, std::string_view why) {
  problems_->error(place_of(node), full(key), why);
}

void Section::wrong(std::string_view key, std::string_view why) {
  const auto* value = table_->get(key);
  problems_->error(value != nullptr ? place_of(*value) : place(), full(key), why);
}

std::optional<Placed<std::string>> Section::text(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return {};
  if (const auto* string = value->as_string()) return Placed<std::string>{string->get(), place_of(*value)};
  wrong(*value, key, "is " + std::string(kind_of(*value)) + ", must be a string");
  return {};
}

std::optional<bool> Section::boolean(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return {};
  if (const auto* boolean = value->as_boolean()) return boolean->get();
  wrong(*value, key, "is " + std::string(kind_of(*value)) + ", must be true or false");
  return {};
}

std::optional<std::int64_t> Section::number(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto* value = node(key);
  if (value == nullptr) return {};
  const auto* number = value->as_integer();
  if (number != nullptr && number->get() >= least && number->get() <= most) return number->get();
  wrong(*value, key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return {};
}

std::optional<std::chrono::milliseconds> Section::duration(std::string_view key, std::chrono::milliseconds least,
                                                           std::chrono::milliseconds most) {
  const auto value = text(key);
  if (!value) return {};
  const auto span = parse_duration(value->value);
  if (span && *span >= least && *span <= most) return span;
  wrong(key, "must be a span of time from " + format_duration(least) + " to " + format_duration(most) +
                 ", like \"500ms\", \"5s\", \"1h\"");
  return {};
}

std::optional<std::uint64_t> Section::size(std::string_view key, std::uint64_t least, std::uint64_t most) {
  const auto* value = node(key);
  if (value == nullptr) return {};
  std::optional<std::uint64_t> size;
  if (const auto* number = value->as_integer(); number != nullptr && number->get() >= 0)
    size = static_cast<std::uint64_t>(number->get());
  if (const auto* string = value->as_string()) size = parse_size(string->get());
  if (size && *size >= least && *size <= most) return size;
  wrong(*value, key,
        "must be a size from " + std::to_string(least) + " to " + std::to_string(most) +
            " bytes, like 4096, \"64KiB\", \"25MiB\"");
  return {};
}

std::optional<std::vector<Placed<std::string>>> Section::texts(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return {};
  std::vector<Placed<std::string>> all;
  if (const auto* string = value->as_string()) {
    all.push_back({string->get(), place_of(*value)});
    return all;
  }
  const auto* array = value->as_array();
  if (array == nullptr) {
    wrong(*value, key, "is " + std::string(kind_of(*value)) + ", must be a string or an array of strings");
    return {};
  }
  for (const auto& element : *array) {
    if (const auto* string = element.as_string()) all.push_back({string->get(), place_of(element)});
    else wrong(element, key, "contains " + std::string(kind_of(element)) + ", must contain only strings");
  }
  return all;
}

std::optional<std::size_t> Section::choice(std::string_view key, const std::vector<std::string_view>& words) {
  const auto value = text(key);
  if (!value) return {};
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (value->value == words[i]) return i;
    all += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  wrong(key, "\"" + cleaned(value->value, false, 60) + "\" is not one of: " + all);
  return {};
}

const toml::table* Section::table(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return nullptr;
  if (const auto* found = value->as_table()) return found;
  wrong(*value, key, "is " + std::string(kind_of(*value)) + ", must be a table");
  return nullptr;
}

std::string_view Section::nearest_asked(std::string_view key) const {
  auto known = asked_;
  std::ranges::sort(known);
  return nearest(key, known);
}

void Section::finish() {
  for (const auto& [key, value] : *table_) {
    if (has_asked(key.str())) continue;
    const auto guess = nearest_asked(key.str());
    problems_->error(place_of(key), full(key.str()),
                     guess.empty() ? "unknown key" : "unknown key; did you mean " + std::string(guess) + "?");
  }
}

}  // namespace mailweir

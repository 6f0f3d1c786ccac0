// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_key.h"

#include <algorithm>

#include "base/text.h"
#include "port/ring.h"
#include "port/window_state.h"

namespace mailweir::redis_key {
namespace {

std::string escaped_limit(std::string_view limit) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : limit) {
    const auto byte = static_cast<unsigned char>(c);
    if (c != '%' && c != '|' && c != '{' && c != '}' && byte >= ' ') text += c;
    else ((text += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return text;
}

std::string unescaped_limit(std::string_view text) {
  std::string limit;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 2 >= text.size()) {
      limit += text[i];
      continue;
    }
    const auto value = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
    limit += static_cast<char>(value(text[i + 1]) << 4 | value(text[i + 2]));
    i += 2;
  }
  return limit;
}

// What redis' glob patterns (SCAN MATCH) would take for their own.
std::string glob_escaped(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\' || c == '^') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

std::string name_of(std::string_view prefix, std::string_view limit, std::string_view key) {
  std::string name(prefix);
  name += '{';
  name += escaped_limit(limit);
  name += '|';
  name += key;
  name += "}:";
  return name;
}

std::optional<Charge> question_of(std::string_view prefix, std::string_view name) {
  name.remove_prefix(std::min(name.size(), prefix.size() + 1));
  const auto bar = name.find('|'), end = name.rfind("}:");
  if (bar == name.npos || end == name.npos || end < bar) return std::nullopt;
  auto suffix = name.substr(end + 2);
  const bool distinct = suffix.size() > 1 && suffix.ends_with('d');
  if (distinct) suffix.remove_suffix(1);
  const auto period = to_number(suffix);
  if (!period || *period > static_cast<std::uint64_t>(longest_period.count())) return std::nullopt;
  Charge question;
  question.kind = *period == 0 ? CountKind::lease : distinct ? CountKind::distinct : CountKind::ring;
  question.limit = unescaped_limit(name.substr(0, bar));
  question.key = name.substr(bar + 1, end - bar - 1);
  question.windows = {{distinct ? most_distinct : ring::most_count, std::chrono::seconds(*period)}};
  question.amount = 0;
  question.member = "?";
  return question;
}

std::optional<Charge> block_of(std::string_view prefix, std::string_view name) {
  name.remove_prefix(std::min(name.size(), prefix.size() + 1));
  const auto bar = name.find('|'), end = name.rfind("}:");
  if (bar == name.npos || end == name.npos || end < bar || name.substr(end + 2) != block_suffix) return std::nullopt;
  return block_question(unescaped_limit(name.substr(0, bar)), std::string(name.substr(bar + 1, end - bar - 1)));
}

std::string pattern_of(std::string_view prefix, const CounterQuery& query) {
  const std::string limit = query.limit.empty() ? "*" : glob_escaped(escaped_limit(query.limit));
  const std::string key = query.key.empty() ? "*" : glob_escaped(query.key);
  return glob_escaped(prefix) + '{' + limit + '|' + key + "}:*";
}

}  // namespace mailweir::redis_key

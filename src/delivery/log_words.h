// SPDX-License-Identifier: BSD-2-Clause
// LogWords: reads a line of a mail log from left to right, word by word. What does not stand where it is expected is
// not found: nothing is searched for in what a stranger wrote.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

namespace mailweir {

constexpr bool is_queue_id(std::string_view text) {
  return text.size() >= 5 && text.size() <= 30 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

// "5.1.10": RFC 3463 2.
constexpr bool is_enhanced_code(std::string_view text) {
  if (text.size() < 5 || text.size() > 9 || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return false;
  std::size_t dots = 0, digits = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0 || digits > 3) return false;
      ++dots;
      digits = 0;
    } else if (c >= '0' && c <= '9') {
      ++digits;
    } else {
      return false;
    }
  }
  return dots == 2 && digits >= 1 && digits <= 3 && text[1] == '.';
}

class LogWords {
 public:
  explicit LogWords(std::string_view text) : left_(text) {}

  std::string_view left() const { return left_; }
  bool take(std::string_view word) {
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  // What stands before `end`, which is taken too.
  std::optional<std::string_view> before(std::string_view end) {
    const auto at = left_.find(end);
    if (at == left_.npos) return {};
    const auto word = left_.substr(0, at);
    left_.remove_prefix(at + end.size());
    return word;
  }
  // "key=VALUE, ": the value, which has no blank.
  std::optional<std::string_view> field(std::string_view key) {
    LogWords words(*this);
    if (!words.take(key) || !words.take("=")) return {};
    const auto value = words.before(", ");
    if (!value || value->find(' ') != value->npos) return {};
    *this = words;
    return value;
  }
  // "<ADDRESS>": what is in it; a bracket within quotes does not end it.
  std::optional<std::string_view> path() {
    if (!left_.starts_with('<')) return {};
    bool quoted = false;
    for (std::size_t i = 1; i < left_.size(); ++i) {
      const char c = left_[i];
      if (quoted && c == '\\') ++i;
      else if (c == '"') quoted = !quoted;
      else if (c == '>' && !quoted) {
        const auto address = left_.substr(1, i - 1);
        left_.remove_prefix(i + 1);
        return address;
      }
    }
    return {};
  }

 private:
  std::string_view left_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/row_patterns.h"

#include <algorithm>

#include <regex.h>

#include "base/text.h"

namespace mailweir {
namespace {

// With a power in extended regular expressions that opendkim leaves to them.
constexpr std::string_view powerful = "[](){}|?^$\\";
constexpr std::size_t longest_expression = 1024;  // of opendkim, too

std::string expression_of(std::string_view pattern) {
  std::string text = "^";
  for (const char c : pattern) {
    if (c == '*') text += ".*";
    else if (c == '+' || c == '.') (text += '\\') += c;
    else text += c;
  }
  return text += '$';
}

bool has_back_reference(std::string_view expression) {
  for (std::size_t i = 0; i + 1 < expression.size(); ++i)
    if (expression[i] == '\\' && expression[++i] >= '1' && expression[i] <= '9') return true;
  return false;
}

// What the text must end with to match, from its last "@" or a dot on; empty: it may end with anything.
std::string_view end_of(std::string_view pattern) {
  const auto tail = pattern.substr(pattern.rfind('*') + 1);
  const auto at = tail.rfind('@');
  const auto from = at != tail.npos ? at : tail.find('.');
  return from == tail.npos ? std::string_view() : tail.substr(from);
}

// What it must begin with, up to its first "@".
std::string_view start_of(std::string_view pattern) {
  const auto head = pattern.substr(0, pattern.find('*'));
  const auto at = head.find('@');
  return at == head.npos ? std::string_view() : head.substr(0, at + 1);
}

}  // namespace

struct RowPatterns::Expression {
  regex_t compiled{};
  std::uint32_t row = 0;
  bool good = false;
  Expression() = default;
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;
  ~Expression() {
    if (good) ::regfree(&compiled);
  }
};

RowPatterns::RowPatterns(LetterCase letter_case)
    : letter_case_(letter_case), whole_(letter_case), ends_(letter_case), starts_(letter_case) {}
RowPatterns::RowPatterns(RowPatterns&&) noexcept = default;
RowPatterns& RowPatterns::operator=(RowPatterns&&) noexcept = default;
RowPatterns::~RowPatterns() = default;

std::string RowPatterns::add(std::string_view pattern, std::uint32_t row) {
  if (pattern.find_first_of(powerful) != pattern.npos) {
    const auto text = expression_of(pattern);
    if (text.size() > longest_expression) return "the pattern is too long; at most 1,000 bytes";
    // They would take time without a bound.
    if (has_back_reference(text)) return "the pattern has a back reference, which is not supported; write rows without";
    auto expression = std::make_unique<Expression>();
    const int flags = REG_EXTENDED | REG_NOSUB | (letter_case_ == LetterCase::ignored ? REG_ICASE : 0);
    if (const int error = ::regcomp(&expression->compiled, text.c_str(), flags); error != 0) {
      char why[100];
      ::regerror(error, &expression->compiled, why, sizeof why);
      return "the pattern cannot be read (" + std::string(why) + "); write \"*\" for any text, without brackets";
    }
    expression->good = true;
    expression->row = row;
    expressions_.push_back(std::move(expression));
    return {};
  }
  if (pattern.find('*') == pattern.npos) {
    whole_.add(pattern, row);
    return {};
  }
  const auto number = static_cast<std::uint32_t>(wildcards_.size());
  wildcards_.push_back({pattern, row});
  if (const auto end = end_of(pattern); !end.empty()) ends_.add(end, number);
  else if (const auto start = start_of(pattern); !start.empty()) starts_.add(start, number);
  else anywhere_.push_back(number);
  return {};
}

void RowPatterns::sort() {
  whole_.sort();
  ends_.sort();
  starts_.sort();
  wildcards_.shrink_to_fit();
}

std::vector<std::uint32_t> RowPatterns::find(std::string_view text) const {
  std::vector<std::uint32_t> rows;
  for (const auto& entry : whole_.find(text)) rows.push_back(entry.row);
  const auto try_one = [&](std::uint32_t number) {
    if (const auto& wildcard = wildcards_[number]; matches(wildcard.pattern, text)) rows.push_back(wildcard.row);
  };
  const auto try_all = [&](std::span<const RowIndex::Entry> entries) {
    for (const auto& entry : entries) try_one(entry.row);
  };
  if (const auto at = text.rfind('@'); at != text.npos) try_all(ends_.find(text.substr(at)));
  for (auto dot = text.find('.'); dot != text.npos && ends_.size() > 0; dot = text.find('.', dot + 1))
    try_all(ends_.find(text.substr(dot)));
  if (const auto at = text.find('@'); at != text.npos) try_all(starts_.find(text.substr(0, at + 1)));
  for (const auto number : anywhere_) try_one(number);
  const std::string terminated(text);
  for (const auto& expression : expressions_)
    if (::regexec(&expression->compiled, terminated.c_str(), 0, nullptr, 0) == 0) rows.push_back(expression->row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

bool RowPatterns::matches(std::string_view pattern, std::string_view text) const {
  return matches_stars(pattern, text, [this](char a, char b) {
    return letter_case_ == LetterCase::matters ? a == b : fold(a) == fold(b);
  });
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "config/syntax_hint.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace mailweir {
namespace {

constexpr std::string_view text_in_quotes = "a string must be in quotes: \"...\"";

// In order: the first fragment that the description has.
struct Hint {
  std::string_view fragment, hint;
};
constexpr Hint hints[] = {
    {"parsing string: unescaped control", "the closing quote is missing"},
    {"parsing string: encountered end-of-file", "the closing quote is missing"},
    {"parsing literal string: unescaped control", "the closing quote is missing"},
    {"parsing literal string: encountered end-of-file", "the closing quote is missing"},
    {"unknown escape sequence", "in \"...\" a backslash is written twice, in '...' once"},
    {"closing '}', saw '\\n'", "an inline table must be on one line"},
    {"closing '}', saw '\\r'", "an inline table must be on one line"},
    {"expected '=', saw", "a key and its value have a = between them"},
    {"leading zeroes are prohibited", text_in_quotes},
    {"could not determine value type", text_in_quotes},
    {"parsing boolean: ", text_in_quotes},
    {"parsing floating-point: ", text_in_quotes},
    {"parsing decimal integer: ", text_in_quotes},
    {"parsing time: ", text_in_quotes},
    {"parsing date: ", text_in_quotes},
    {"parsing date-time: ", text_in_quotes},
};

std::string_view line_of(std::string_view text, unsigned line) {
  const auto lines = split(text, '\n');
  return line > 0 && line <= lines.size() ? lines[line - 1] : std::string_view();
}

// The word at the column, or before it where toml++ stopped behind its first letters.
std::string_view word_at(std::string_view line, unsigned column) {
  constexpr std::string_view ends = " \t\r=[]{},#";
  auto start = std::min<std::size_t>(column == 0 ? 0 : column - 1, line.size());
  while (start > 0 && ends.find(line[start - 1]) == ends.npos) --start;
  line.remove_prefix(start);
  return line.substr(0, line.find_first_of(ends));
}

bool has_curly_quote(std::string_view line) {
  constexpr std::string_view quotes[] = {"\u201c", "\u201d", "\u201e", "\u2018",
                                         "\u2019", "\u201a", "\u00ab", "\u00bb"};
  return std::any_of(std::begin(quotes), std::end(quotes), [&](auto quote) { return line.find(quote) != line.npos; });
}

std::string hint_for_value(std::string_view line, unsigned column) {
  if (has_curly_quote(line)) return "quotes must be the plain ones: \"...\"";
  const std::string word = folded(word_at(line, column));
  if (word == "yes" || word == "on" || word == "true") return "write true";
  if (word == "no" || word == "off" || word == "false") return "write false";
  return std::string(text_in_quotes);
}

// The name in the last [[name]] above the line, if what stands there is one.
std::string array_above(std::string_view text, unsigned line) {
  const auto lines = split(text, '\n');
  for (std::size_t i = std::min<std::size_t>(line, lines.size()); i-- > 0;) {
    const auto header = trimmed(lines[i]);
    if (!header.starts_with('[')) continue;
    if (!header.starts_with("[[")) return {};
    return std::string(trimmed(header.substr(2, header.find(']') - 2)));
  }
  return {};
}

}  // namespace

std::string syntax_hint(std::string_view description, std::string_view text, unsigned line, unsigned column) {
  const auto has = [&](std::string_view fragment) { return description.find(fragment) != description.npos; };
  constexpr std::string_view array = "cannot redefine existing array '";
  if (has(array) && has("' as table")) {
    const auto name = description.substr(description.find(array) + array.size());
    return "must be written as [[" + std::string(name.substr(0, name.find('\''))) + "]], each time";
  }
  if (has("cannot redefine existing") && has("parsing key-value pair")) {
    const auto name = array_above(text, line);
    return name.empty() ? std::string() : "is a [[" + name + "]] missing above it?";
  }
  for (const auto& [fragment, hint] : hints) {
    if (!has(fragment)) continue;
    return hint == text_in_quotes ? hint_for_value(line_of(text, line), column) : std::string(hint);
  }
  return {};
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "base/doubtful_text.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "base/code_point.h"
#include "base/text.h"

namespace mailweir {
namespace {

constexpr char32_t quotes[] = {0x00ab, 0x00bb, 0x2018, 0x2019, 0x201a, 0x201b, 0x201c,
                               0x201d, 0x201e, 0x201f, 0x2039, 0x203a, 0x300c, 0x300d};

bool is_quote(char32_t value) { return std::find(std::begin(quotes), std::end(quotes), value) != std::end(quotes); }

std::string named(char32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(value));
  return text;
}

std::string url(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos) return {};
  const auto scheme = folded(text.substr(0, colon));
  auto rest = text.substr(colon + 1);
  if (scheme == "mailto") return "is a URL; write " + cleaned(rest.substr(0, rest.find('?')), false, 80);
  const bool word = !scheme.empty() && std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
  if (!word || !rest.starts_with("//")) return {};
  rest = rest.substr(2);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = rest.rfind('@'); at != rest.npos) rest = rest.substr(at + 1);
  if (rest.starts_with('[')) rest = rest.substr(1, rest.find(']') - 1);
  else rest = rest.substr(0, rest.find(':'));
  return rest.empty() ? "is a URL, must be a name or an address" : "is a URL; write " + cleaned(rest, false, 80);
}

}  // namespace

std::string doubt_about(std::string_view entry) {
  constexpr char32_t non_joiner = 0x200c, joiner = 0x200d;
  char32_t first = 0, last = 0;
  for (std::size_t i = 0; i < entry.size();) {
    const auto [value, length] = code_point(entry, i);
    if (length == 0) return "is not UTF-8";
    const auto next = i + length < entry.size() ? code_point(entry, i + length).value : 0;
    const bool joins = (value == non_joiner || value == joiner) && last >= 0x80 && next >= 0x80;
    if (value >= 0x80 && is_hidden(value) && !joins)
      return "contains " + named(value) + ", which is invisible; remove it";
    if (is_odd_blank(value)) return "contains " + named(value) + ", which looks like a blank but is not one; remove it";
    if (i == 0) first = value;
    last = value;
    i += length;
  }
  if (is_quote(first) || is_quote(last)) return "is in typographic quotes; remove them";
  return url(entry);
}

}  // namespace mailweir

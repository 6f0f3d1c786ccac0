// SPDX-License-Identifier: BSD-2-Clause
#include "base/text.h"

#include <algorithm>
#include <charconv>

#include "base/code_point.h"
#include "base/keyed_hash.h"

namespace mailweir {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// What may stand in a log line or a reply as it is.
bool printable(const CodePoint& one) { return one.length > 0 && !is_hidden(one.value); }

}  // namespace

std::string folded(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), fold);
  return result;
}

bool equal_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return fold(x) == fold(y); });
}

bool starts_folded(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_folded(text.substr(0, start.size()), start);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> result;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const auto start = i;
    while (i < text.size() && !is_blank(text[i])) ++i;
    result.push_back(text.substr(start, i - start));
  }
  return result;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::string cleaned(std::string_view text, bool ascii_only, std::size_t longest) {
  const auto visible = std::find_if_not(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
  const auto plain = std::min(static_cast<std::size_t>(visible - text.begin()), longest);
  std::string result;
  result.reserve(std::min(text.size(), longest));
  result = text.substr(0, plain);
  for (std::size_t i = plain; i < text.size();) {
    const auto one = code_point(text, i);
    const auto length = one.length;
    const bool keep = printable(one) && (length == 1 || !ascii_only);
    if (result.size() + (keep ? length : 1) > longest) break;
    if (keep) result.append(text, i, length);
    else result += '?';
    i += std::max<std::size_t>(length, 1);
  }
  return result;
}

void append_field(std::string& line, std::string_view key, std::string_view value, std::size_t longest) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  const bool plain = !value.empty() && value.size() <= longest && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < value.size();) {
    if (written >= longest) {
      line += "...";
      break;
    }
    const auto one = code_point(value, i);
    const auto length = one.length;
    const auto first = static_cast<unsigned char>(value[i]);
    if (length == 1 && (first == '"' || first == '\\')) {
      line += '\\';
      line += value[i];
    } else if (printable(one)) {
      line.append(value, i, length);
    } else {
      for (std::size_t k = i; k < i + std::max<std::size_t>(length, 1); ++k) {
        const auto byte = static_cast<unsigned char>(value[k]);
        line += "\\x";
        line += digits[byte >> 4];
        line += digits[byte & 15];
      }
    }
    const auto step = std::max<std::size_t>(length, 1);
    i += step;
    written += step;
  }
  line += '"';
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto length = code_point(text, i).length;
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string made_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  for (std::size_t i = 0; i < text.size();) {
    const auto length = code_point(text, i).length;
    if (length > 0) result.append(text, i, length);
    else result += "\xef\xbf\xbd";
    i += std::max<std::size_t>(length, 1);
  }
  return result;
}

std::size_t TextHash::operator()(std::string_view text) const {
  static const KeyedHash hash;
  return static_cast<std::size_t>(hash(text));
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  return matches_stars(pattern, text, [](char a, char b) { return a == '?' || fold(a) == fold(b); });
}

}  // namespace mailweir

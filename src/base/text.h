// SPDX-License-Identifier: BSD-2-Clause
// Plain work on text: ASCII case, trimming, splitting, numbers, and the cleaning of what came from the network
// before it reaches a log line or a reply.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

constexpr char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string folded(std::string_view text);  // ASCII lower case
bool equal_folded(std::string_view a, std::string_view b);
bool starts_folded(std::string_view text, std::string_view start);

std::string_view trimmed(std::string_view text);                      // blanks, tabs, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char at);  // "a,,b" has three parts
std::vector<std::string_view> words(std::string_view text);           // by blanks and tabs, none empty

// A whole decimal number, no sign, no blanks; nothing on overflow.
std::optional<std::uint64_t> to_number(std::string_view text);

// What is_hidden (base/code_point.h), is no UTF-8 or, if asked, not ASCII becomes '?'; cut to `longest` bytes, no
// character in two.
std::string cleaned(std::string_view text, bool ascii_only, std::size_t longest = 512);

// Appends key=value with a blank before it; the value is quoted when it is empty or has a blank, '"', '=' or other than
// printable ASCII; what is_hidden (base/code_point.h) or no UTF-8 is written \xHH, byte by byte. At most `longest`
// bytes of it.
void append_field(std::string& line, std::string_view key, std::string_view value, std::size_t longest = 400);

bool is_utf8(std::string_view text);
// The same text with U+FFFD in place of each byte that belongs to no character.
std::string made_utf8(std::string_view text);

// Whether the whole text fits a pattern in which '*' is any run of bytes; `equal` says which byte of the pattern, the
// first argument, stands for which of the text. Linear in practice, no recursion.
template <typename Equal>
bool matches_stars(std::string_view pattern, std::string_view text, Equal equal) {
  std::size_t p = 0, t = 0, star = pattern.npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && equal(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Simple shell pattern: '*' any run, '?' any byte; ASCII case does not matter. Linear in practice, no recursion.
bool matches_wildcard(std::string_view pattern, std::string_view text);

// Lets unordered maps of std::string be asked with a string_view. Its key is drawn at random once a process
// (KeyedHash), so that a stranger cannot make many texts that meet in one place.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const;
};

}  // namespace mailweir

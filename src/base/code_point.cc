// SPDX-License-Identifier: BSD-2-Clause
#include "base/code_point.h"

#include <algorithm>
#include <iterator>

namespace mailweir {
namespace {

struct Range {
  char32_t first, last;
};

// In order. UnicodeData.txt and DerivedCoreProperties.txt of Unicode 15.0.
constexpr Range hidden[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x0600, 0x0605},
    {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},   {0x08e2, 0x08e2},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

constexpr Range odd_blanks[] = {{0x00a0, 0x00a0}, {0x1680, 0x1680}, {0x2000, 0x200a},
                                {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

template <typename Ranges>
bool in(const Ranges& ranges, char32_t value) {
  const auto after = std::upper_bound(std::begin(ranges), std::end(ranges), value,
                                      [](char32_t v, const Range& range) { return v < range.first; });
  return after != std::begin(ranges) && value <= std::prev(after)->last;
}

}  // namespace

CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first & 0xf0) == 0xe0         ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || at + length > text.size()) return {};
  char32_t value = first & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  if (first == 0xe0 && byte(1) < 0xa0) return {};  // overlong
  if (first == 0xed && byte(1) > 0x9f) return {};  // surrogates
  if (first == 0xf0 && byte(1) < 0x90) return {};  // overlong
  if (first == 0xf4 && byte(1) > 0x8f) return {};  // beyond U+10FFFF
  return {value, length};
}

bool is_hidden(char32_t value) {
  if (value >= 0x20 && value < 0x7f) return false;
  return in(hidden, value);
}

bool is_odd_blank(char32_t value) { return in(odd_blanks, value); }

}  // namespace mailweir

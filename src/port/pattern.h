// SPDX-License-Identifier: BSD-2-Clause
// Pattern: a regular expression, compiled once. Matching takes time linear in the text (RE2), without regard to case,
// anywhere in the text unless anchored.
#pragma once

#include <memory>
#include <string_view>

namespace mailweir {

class Pattern {
 public:
  virtual ~Pattern() = default;
  virtual bool matches(std::string_view text) const = 0;
};
using PatternPtr = std::shared_ptr<const Pattern>;

// Whether the text is a pattern as other software writes it, with flags behind it: "/viagra/i". Ours have none.
constexpr bool is_pattern_with_flags(std::string_view text) {
  const auto last = text.rfind('/');
  if (!text.starts_with('/') || last == text.npos || last < 2 || last + 1 == text.size()) return false;
  const auto flags = text.substr(last + 1);
  return flags.size() <= 5 && flags.find_first_not_of("gimsuxU") == flags.npos;
}

}  // namespace mailweir

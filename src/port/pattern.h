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

}  // namespace mailweir

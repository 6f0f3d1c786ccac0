// SPDX-License-Identifier: BSD-2-Clause
// Comments in addresses and other structured fields: "(a (nested \) one))".
#pragma once

#include <cstddef>
#include <string_view>

namespace mailweir {

// Of the comment that `text` begins with, its parentheses included. Comments nest, and a backslash hides the byte
// behind it (RFC 5322 3.2.2). 0: nothing closes it.
constexpr std::size_t comment_length(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '(') ++depth;
    else if (text[i] == ')' && --depth == 0) return i + 1;
  }
  return 0;
}

// One that nothing closes goes to the end.
constexpr std::string_view behind_comment(std::string_view text) {
  const std::size_t length = comment_length(text);
  return length > 0 ? text.substr(length) : std::string_view();
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// CodePoint: one character of a UTF-8 text (RFC 3629), and whether a reader can see it.
#pragma once

#include <cstddef>
#include <string_view>

namespace mailweir {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // in bytes; 0: no UTF-8 begins here
};

// What begins at `at`, which is inside the text.
CodePoint code_point(std::string_view text, std::size_t at);

// What a reader does not see, or what changes what he sees of the rest: controls (Cc, C1 among them, which terminals
// obey), format characters (Cf: those that turn the direction of writing, joiners, soft hyphens, tags), ends of lines
// and paragraphs (Zl, Zp), and what Unicode 15.0 calls Default_Ignorable_Code_Point.
bool is_hidden(char32_t value);

// A blank that is not the one of ASCII (Zs): it looks like one and is another.
bool is_odd_blank(char32_t value);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// AddressToken: one word of an address field (RFC 5322 3.2, 3.4), as it stands in the text.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace mailweir {

struct AddressToken {
  enum class Kind {
    word,     // an atom; dots and bytes over 127 are letters of it
    quoted,   // "...", with its quotes
    comment,  // (...), comments within and its parentheses included
    literal,  // [...] without blanks
    encoded,  // an encoded word (RFC 2047 2)
    escaped,  // a backslash and what it escapes, outside of quotes
    special,  // one of <>@,;:()[]
  };
  Kind kind = Kind::word;
  std::string_view text;  // of the line
  bool after_blank = false;

  bool is(char c) const { return kind == Kind::special && text.front() == c; }
};

// The tokens of a line; they point into it. Nothing: quotes or a comment are not closed, or it has a control byte.
std::optional<std::vector<AddressToken>> address_tokens(std::string_view line);

}  // namespace mailweir

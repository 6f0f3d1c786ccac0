// SPDX-License-Identifier: BSD-2-Clause
// Folding of header fields whose lines are longer than mail programs pass on: the next server would break them
// anywhere, and with them every signature. Pure functions, linear in the value.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

// RFC 5322 2.1.1, without CRLF; Postfix's smtp_line_length_limit.
inline constexpr std::size_t longest_mail_line = 998;

struct Folded {
  std::optional<std::string> text;  // with folds before blanks that were there; nothing: none is needed
  std::size_t too_long = 0;         // of a line that has no blank where it is needed: its length
};

// `value` is all that follows the name's colon, folded with LF. Unfolded again, the text is the same.
Folded fold_long_lines(std::string_view name, std::string_view value);

}  // namespace mailweir

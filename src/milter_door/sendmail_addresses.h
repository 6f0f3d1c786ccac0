// SPDX-License-Identifier: BSD-2-Clause
// An address field's value in a form that Sendmail leaves alone when it delivers, so that a signature over it holds.
//
// Sendmail 8.17 (headers.c, crackaddr and commaize; the H lines of cfhead.m4 and proto.m4) writes address fields anew
// behind its filters. It quotes a display name with one of @,;:\()[] or of confMUST_QUOTE_CHARS, takes blanks and
// comments out of addresses, mends <>, gives names without a domain its own. What is written here is not always what it
// would have made of the text, but says the same, is well formed, and is not changed any more.
// Pure functions, linear in the text.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// Sendmail's MAXNAME: of an item longer than this it throws the display name away, or cuts the address.
inline constexpr std::size_t longest_sendmail_item = 256;

struct AsSendmailWrites {
  enum class Kind {
    same,       // but for folds and the number of blanks, which a relaxed signature allows for
    otherwise,  // `text` is to be sent and signed in its place; folded with LF and a tab
    unknown,    // `text` is an item that is beyond this: quotes or comments not closed, two words for one address
  };
  Kind kind = Kind::same;
  std::string text;
};

// `value` may be folded. `host` is Sendmail's own name ($j). What its default settings quote is quoted
// (confMUST_QUOTE_CHARS is `.''); more characters there, MASQUERADE_AS, genericstable and the like are not known here.
AsSendmailWrites as_sendmail_writes(std::string_view value, std::string_view host);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Reply: what the peer is told: code, enhanced code (RFC 3463), text. The reason for the log is kept elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct Reply {
  std::string code;      // "550"
  std::string enhanced;  // "5.7.1"
  std::string text;      // may hold "\n" between lines

  // "550 5.7.1 text" (the enhanced code may be missing: "x.7.1" of the class is put in). Errors say what is wrong with
  // it.
  static Result<Reply> parse(std::string_view text);

  char klass() const { return code.empty() ? '2' : code[0]; }
  // The same reply in another class: a deferral that can never succeed becomes a refusal. Only 450 has a twin, 550;
  // other codes become 550 or 450 too.
  Reply as_class(char klass) const;
  // One line, "550 5.7.1 text", cleaned: no control bytes; ASCII unless `utf8`; at most `longest` bytes.
  std::string line(bool utf8 = false, std::size_t longest = 500) const;
  // Its lines of text, each cleaned, for a multi-line reply: at most 32 of at most 400 bytes.
  std::vector<std::string> lines(bool utf8 = false) const;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// MacroString: text with SPF macros in it (RFC 7208 7), taken apart once, expanded for a request. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "port/spf.h"

namespace mailweir::spf {

// A run of plain text, or one macro; its texts are views into the record that was parsed.
struct MacroPiece {
  std::string_view text;  // of plain text; of a macro: its delimiters, "" for "."
  char letter = 0;        // slodiphcrtv; 0: plain text
  bool escaped = false;   // written in upper case: URL-escaped
  bool reversed = false;
  std::uint16_t parts = 0;  // how many right-hand parts are kept; 0: all
};
using MacroString = std::vector<MacroPiece>;

// What is wrong with a record or a macro string, and where: an offset into the text, from 0.
struct Fault {
  std::size_t at = 0;
  std::string what;
};

// The grammar's macro-string; letters c, r and t only in an explanation (RFC 7208 7.2), where blanks may stand, too.
// Throws Fault. Keeps views into `text`, which stands `offset` octets into the record.
MacroString parse_macros(std::string_view text, bool explanation, std::size_t offset);
// The grammar's domain-spec: a macro string that ends in a macro or in ".toplabel".
MacroString parse_domain_spec(std::string_view text, std::size_t offset);

// Whether %{p} is in it.
bool uses_client_name(const MacroString& macros);

struct MacroValues {
  const SpfRequest& request;
  std::string_view domain;       // %{d}: of the record being evaluated
  std::string_view client_name;  // %{p}
};

// At most `longest` octets; what would come after them is left out.
std::string expand(const MacroString& macros, const MacroValues& values, std::size_t longest = 4096);
// As a name to ask for: folded, no last dot, cut from the left at a dot to 253 octets (RFC 7208 7.3).
std::string expand_name(const MacroString& macros, const MacroValues& values);

}  // namespace mailweir::spf

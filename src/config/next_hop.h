// SPDX-License-Identifier: BSD-2-Clause
// Where mail is handed to, as [routes], [relay] and [tls] write it: next hops and transports of Postfix, mailers of
// Sendmail. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mailweir {

// Letters, digits, "-", "_" and ".".
bool is_word(std::string_view text);
// "[gw.example.org]:587", "[192.0.2.1]", "gw.example.org:submission", "gw.example.org" (its MX).
bool is_next_hop(std::string_view text);

// These give the text as it is, or say what is wrong with it.
Result<std::string> transport(const std::string& text);  // "smtp-ip1:", "smtp-ip1:[gw.example.org]:25"
Result<std::string> mailer(const std::string& text);     // "mwbad", "mwbad:[gw.example.org]:25"
Result<std::string> next_hop(const std::string& text);   // or "direct"

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// The Authentication-Results header field (RFC 8601): its value, and whether a field that came with a message claims to
// be ours.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mail/auth_result.h"

namespace mailweir {

inline constexpr std::string_view authentication_results_field = "Authentication-Results";

struct MethodResult {
  std::string method;  // "dkim"
  AuthWord word = AuthWord::none;
  std::string reason;                                           // "" leaves it out
  std::vector<std::pair<std::string, std::string>> properties;  // {"header.d", "example.com"}; values of any bytes
};

// The field's value, a method a line. Values from the network are quoted where they are no plain words, and lose what
// is no printable ASCII. Without results it says "none" (RFC 8601 2.2).
std::string authentication_results(std::string_view authserv_id, const std::vector<MethodResult>& results);

// Whether a field's value names this authserv-id, whatever comments, folds, quotes, case, version or encoding of the
// domain stand around it (RFC 8601 5: such a field must go when it comes from outside). In doubt it does.
bool claims_authserv_id(std::string_view value, std::string_view authserv_id);

// RFC 8601 2.5: a domain name, or another token.
bool is_authserv_id(std::string_view text);

}  // namespace mailweir

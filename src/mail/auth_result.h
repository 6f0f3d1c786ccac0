// SPDX-License-Identifier: BSD-2-Clause
// AuthResult: the outcome of an authentication check in RFC 8601's words, with the reason for explain and the log.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

enum class AuthWord { none, pass, fail, softfail, neutral, policy, temperror, permerror };

constexpr std::string_view to_string(AuthWord word) {
  switch (word) {
    case AuthWord::none: return "none";
    case AuthWord::pass: return "pass";
    case AuthWord::fail: return "fail";
    case AuthWord::softfail: return "softfail";
    case AuthWord::neutral: return "neutral";
    case AuthWord::policy: return "policy";
    case AuthWord::temperror: return "temperror";
    case AuthWord::permerror: return "permerror";
  }
  return "none";
}

struct AuthResult {
  AuthWord word = AuthWord::none;
  std::string reason;  // "192.0.2.7 has the name mx.example.com, which has 192.0.2.8"
};

}  // namespace mailweir

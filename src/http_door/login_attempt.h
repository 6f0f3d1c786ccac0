// SPDX-License-Identifier: BSD-2-Clause
// LoginAttempt: what Dovecot tells of a try to log in: the JSON object of its authentication policy protocol. Of its
// other members (pwhash, device_id, session_id, attrs) nothing is read: nothing of a password is kept or logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace mailweir {

struct LoginAttempt {
  std::string login;                // "" when the client named none
  std::optional<IpAddress> remote;  // nothing: a client on the machine itself
  std::string protocol;             // "smtp", "imap", ...
  // Of a report:
  bool success = false;
  bool policy_reject = false;  // refused because a policy server said so, not for its password
  std::string fail_type;       // "credentials account disabled expired internal policy"; "": not told

  // Whether a password was tried in vain. Not where none was looked at (policy), where the server could not look
  // (internal), or where it was right (expired).
  bool is_failure() const;
};

// `report`: success must be there. Errors say what is wrong, and never what was sent.
Result<LoginAttempt> parse_login_attempt(std::string_view json, bool report);

struct LoginAnswer {
  int status = 0;       // 0 lets the login go on, below 0 refuses it
  std::string message;  // for the client
};

// {"status": -1, "msg": "..."}
std::string to_json(const LoginAnswer& answer);

}  // namespace mailweir

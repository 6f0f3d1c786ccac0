// SPDX-License-Identifier: BSD-2-Clause
// HttpDoorSession: what the http door answers, as mail: whether a login may go on (the rules of the stage auth), and
// that one failed (counted for the limits of auth-failures). Knows no bytes and no JSON. Keeps nothing from one login
// to the next.
#pragma once

#include <string>

#include "http_door/door.h"
#include "http_door/login_attempt.h"

namespace mailweir {

class Session;
struct Verdict;

class HttpDoorSession {
 public:
  explicit HttpDoorSession(const HttpDoor& door) : door_(door) {}

  // Asked before the password is looked at, and once more after it. Charges nothing.
  LoginAnswer allow(const LoginAttempt& attempt);
  // A failure counts once for each limit that applies; a success counts nothing and forgives nothing.
  void report(const LoginAttempt& attempt);

 private:
  void log(Session& session, Verdict& verdict);

  const HttpDoor& door_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// RedisUrl: where a Redis (or Valkey) server is, as the policy file names it.
//
//   redis://[user:password@]host[:port][/db]                 user may be empty; IPv6 in []; port 6379, db 0
//   redis+unix:/path[?db=N][&user=NAME][&password=WORD]
//
// User, password, and the path may have %XX.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/socket.h"

namespace mailweir {

struct RedisUrl {
  SocketName socket;
  std::string user, password;
  unsigned database = 0;

  static Result<RedisUrl> parse(std::string_view text);
  // For logs and errors: without user and password.
  std::string to_string() const;
};

}  // namespace mailweir

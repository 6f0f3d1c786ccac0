// SPDX-License-Identifier: BSD-2-Clause
// RedisUrl: where a Redis (or Valkey) server is, or several that belong together, as the policy file names them.
//
//   redis://[user:password@]host[:port][/db]                    user may be empty; IPv6 in []; port 6379, db 0
//   rediss://...                                                the same over TLS, port 6379, where hiredis has it
//   redis+unix:/path[?db=N][&user=NAME][&password=WORD]
//   redis+sentinel://[user:password@]host[:port],.../name[/db]  sentinels (port 26379) and the name of what they watch
//   redis+cluster://[user:password@]host[:port],...             some of a cluster's servers; it has database 0 alone
//
// User, password, the path and the name may have %XX.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/socket.h"

namespace mailweir {

struct RedisUrl {
  enum class Kind { single, sentinel, cluster };
  Kind kind = Kind::single;
  bool tls = false;
  std::vector<SocketName> servers;  // at least one
  std::string master;               // sentinel: the name
  std::string user, password;
  unsigned database = 0;

  // The text may have a password: errors repeat its scheme only.
  static Result<RedisUrl> parse(std::string_view text);
  // One server of those behind this URL.
  RedisUrl at(const SocketName& server) const;
  const SocketName& socket() const { return servers.front(); }
  // For logs and errors: without user and password.
  std::string to_string() const;
  // Why private keys must not go this way: others on the network could read them; empty: they may, by a Unix-domain
  // socket, TLS, or the loopback.
  std::string objection_to_secrets() const;

  // What this URL leads to is asked only where objection_to_secrets() of it is empty: also a server of a cluster, or
  // one that sentinels name.
  bool for_secrets = false;
};

// Whether this build can speak TLS to Redis.
bool redis_has_tls();

}  // namespace mailweir

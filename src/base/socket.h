// SPDX-License-Identifier: BSD-2-Clause
// SocketName: where a door listens or a server is found, in Postfix's and Sendmail's spelling. listen_on, connect_to:
// sockets with a deadline. Errors name the socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

struct SocketName {
  enum class Kind { unix_path, inet };
  Kind kind = Kind::unix_path;
  std::string path;        // unix
  std::string host;        // inet: an address or "localhost"; IPv6 without brackets
  std::uint16_t port = 0;  // inet

  // "unix:/path", "local:/path", "inet:PORT@HOST", "inet:HOST:PORT", "inet:[::1]:PORT"; inet6: likewise. A bare
  // "/path" is a unix socket.
  static Result<SocketName> parse(std::string_view text);
  std::string to_string() const;         // "unix:/path" or "inet:PORT@HOST"
  std::string libmilter_string() const;  // as smfi_setconn wants it: "unix:/path", "inet:PORT@HOST", "inet6:..."
  bool operator==(const SocketName&) const = default;
};

struct SocketAccess {
  std::optional<unsigned> mode;   // of a unix socket, 0660 say
  std::optional<unsigned> group;  // gid of a unix socket
};

// Listens. A unix socket that is not served any more is removed first; one that answers is an error
// ("served by another process"), and so is a path that is no socket.
Result<Fd> listen_on(const SocketName& name, const SocketAccess& access, int backlog);

// Whether a process listens on it now, even if it is too busy to answer. A TCP socket that does not say so within a
// second: no.
bool is_served(const SocketName& name);
// Gives the unix socket that was just made to a group, and nothing else that may stand there by now.
Result<void> give_to_group(const SocketName& name, gid_t group);

// Begins to connect, without a wait: a non-blocking socket, close-on-exec. `under_way`: the connection is made when it
// can be written to; then connect_error() says whether it was.
struct BegunConnection {
  Fd fd;
  bool under_way = false;
};
Result<BegunConnection> begin_connect(const SocketName& name);
Result<void> connect_error(const SocketName& name, int fd);

// A connected, blocking stream socket, close-on-exec. Waits until the deadline at the most.
Result<Fd> connect_to(const SocketName& name, Deadline deadline);

}  // namespace mailweir

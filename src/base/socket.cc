// SPDX-License-Identifier: BSD-2-Clause
#include "base/socket.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/ip.h"
#include "base/port_number.h"
#include "base/text.h"

namespace mailweir {
namespace {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
};

Error trouble(const SocketName& name, std::string_view what, int error) {
  return Error{name.to_string() + ": " + std::string(what) + ": " + std::strerror(error),
               error == ECONNREFUSED || error == ENOENT || error == EAGAIN || error == ETIMEDOUT};
}

Result<Endpoint> resolve(const SocketName& name) {
  Endpoint end;
  if (name.kind == SocketName::Kind::unix_path) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (name.path.size() >= sizeof local.sun_path)
      return Error{name.to_string() + ": path is longer than " + std::to_string(sizeof local.sun_path - 1) + " bytes"};
    std::memcpy(local.sun_path, name.path.c_str(), name.path.size() + 1);
    std::memcpy(&end.address, &local, sizeof local);
    end.length = sizeof local;
    return end;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(name.host.c_str(), std::to_string(name.port).c_str(), &hints, &found);
  if (failure != 0) return Error{name.to_string() + ": " + gai_strerror(failure), failure == EAI_AGAIN};
  const CPtr<addrinfo, freeaddrinfo> owner(found);
  std::memcpy(&end.address, found->ai_addr, found->ai_addrlen);
  end.length = found->ai_addrlen;
  return end;
}

Result<void> clear_path(const SocketName& name) {
  struct stat status {};
  if (lstat(name.path.c_str(), &status) != 0) return errno == ENOENT ? Result<void>() : trouble(name, "stat", errno);
  if (!S_ISSOCK(status.st_mode))
    return Error{name.to_string() + ": exists and is not a socket; remove it or name another path"};
  if (is_served(name)) return Error{name.to_string() + ": is served by another process; stop that one first"};
  if (unlink(name.path.c_str()) != 0) return trouble(name, "cannot remove the stale socket", errno);
  return {};
}

}  // namespace

Result<SocketName> SocketName::parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return Error{"socket \"" + cleaned(text, true, 200) + "\": " + std::string(why) +
                 "; write unix:/path or inet:PORT@HOST"};
  };
  SocketName name;
  const auto colon = text.find(':');
  const auto scheme = text.substr(0, colon);
  if (text.starts_with('/') || scheme == "unix" || scheme == "local") {
    name.path = text.starts_with('/') ? text : text.substr(colon + 1);
    if (!name.path.starts_with('/')) return wrong("the path must be absolute");
    return name;
  }
  if (colon == text.npos || (scheme != "inet" && scheme != "inet6")) return wrong("unknown kind");
  name.kind = Kind::inet;
  std::string_view rest = text.substr(colon + 1), port, host;
  if (const auto at = rest.find('@'); at != rest.npos) {
    port = rest.substr(0, at);
    host = rest.substr(at + 1);
  } else if (const auto last = rest.rfind(':'); last != rest.npos) {
    host = rest.substr(0, last);
    port = rest.substr(last + 1);
  } else {
    port = rest;
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return wrong("the host is missing");
  const auto number = to_port(port);
  if (!number) return wrong("the port must be 1 to 65535");
  name.host = host;
  name.port = *number;
  return name;
}

std::string SocketName::to_string() const {
  if (kind == Kind::unix_path) return "unix:" + path;
  return "inet:" + std::to_string(port) + '@' + host;
}

std::string SocketName::libmilter_string() const {
  if (kind == Kind::inet && host.find(':') != host.npos) return "inet6:" + std::to_string(port) + '@' + host;
  return to_string();
}

// Of a unix socket only a refusal says that it is not served: one whose backlog is full (EAGAIN) is served, but busy. A
// TCP connection may be in progress for a moment, which says nothing yet.
bool is_served(const SocketName& name) {
  const auto end = resolve(name);
  if (!end) return false;
  const Fd fd(socket(end->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return true;
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&end->address), end->length) == 0) return true;
  if (name.kind == SocketName::Kind::inet) {
    constexpr int patience = 1000;  // milliseconds
    pollfd wait{fd.get(), POLLOUT, 0};
    int failure = 0;
    socklen_t length = sizeof failure;
    return errno == EINPROGRESS && poll(&wait, 1, patience) == 1 &&
           getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0;
  }
  return errno != ECONNREFUSED && errno != ENOENT && errno != ENOTSOCK && errno != ENOTDIR;
}

// Through a descriptor that was looked at: the directory may be another user's, who could put a link in the socket's
// place.
Result<void> give_to_group(const SocketName& name, gid_t group) {
  const Fd fd(::open(name.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) return trouble(name, "cannot set the group", errno);
  if (!S_ISSOCK(status.st_mode))
    return Error{name.to_string() + ": is no longer a socket: it was replaced by something else"};
  if (fchownat(fd.get(), "", static_cast<uid_t>(-1), group, AT_EMPTY_PATH) != 0)
    return trouble(name, "cannot set the group", errno);
  return {};
}

Result<Fd> listen_on(const SocketName& name, const SocketAccess& access, int backlog) {
  if (name.kind == SocketName::Kind::unix_path) {
    if (auto cleared = clear_path(name); !cleared) return cleared.error();
  }
  const auto end = resolve(name);
  if (!end) return end.error();
  Fd fd(socket(end->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return trouble(name, "socket", errno);
  if (name.kind == SocketName::Kind::inet) {
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  // By the umask: what stands at the path a moment later may be another process's.
  const bool moded = name.kind == SocketName::Kind::unix_path && access.mode;
  const mode_t before = moded ? umask(static_cast<mode_t>(~*access.mode & 0777)) : 0;
  const int bound = bind(fd.get(), reinterpret_cast<const sockaddr*>(&end->address), end->length);
  if (moded) umask(before);
  if (bound != 0) {
    if (errno == EADDRINUSE) return Error{name.to_string() + ": is served by another process; stop that one first"};
    return trouble(name, "cannot listen", errno);
  }
  if (name.kind == SocketName::Kind::unix_path && access.group) {
    if (auto given = give_to_group(name, *access.group); !given) return given.error();
  }
  if (listen(fd.get(), backlog) != 0) return trouble(name, "listen", errno);
  return fd;
}

Result<BegunConnection> begin_connect(const SocketName& name) {
  const auto end = resolve(name);
  if (!end) return end.error();
  BegunConnection begun;
  begun.fd.reset(socket(end->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!begun.fd) return trouble(name, "socket", errno);
  if (connect(begun.fd.get(), reinterpret_cast<const sockaddr*>(&end->address), end->length) != 0) {
    if (errno != EINPROGRESS) return trouble(name, "connect", errno);
    begun.under_way = true;
  }
  if (name.kind == SocketName::Kind::inet) {
    const int on = 1;
    setsockopt(begun.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return begun;
}

Result<void> connect_error(const SocketName& name, int fd) {
  int failure = 0;
  socklen_t length = sizeof failure;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
  if (failure != 0) return trouble(name, "connect", failure);
  return {};
}

Result<Fd> connect_to(const SocketName& name, Deadline deadline) {
  auto begun = begin_connect(name);
  if (!begun) return begun.error();
  Fd fd = std::move(begun->fd);
  if (begun->under_way) {
    pollfd wait{fd.get(), POLLOUT, 0};
    int ready = 0;
    do ready = poll(&wait, 1, static_cast<int>(deadline.left().count()));
    while (ready < 0 && errno == EINTR);
    if (ready <= 0) return trouble(name, "connect", ready == 0 ? ETIMEDOUT : errno);
    if (auto failed = connect_error(name, fd.get()); !failed) return failed.error();
  }
  fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  return fd;
}

}  // namespace mailweir

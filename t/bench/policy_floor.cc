// SPDX-License-Identifier: BSD-2-Clause
// policy_floor SOCKET: the least that a policy server with a thread a connection can do: reads to the blank line and
// answers DUNNO. What a real one does is measured against it. Ends on SIGTERM.
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

#include "base/socket.h"

namespace {

constexpr std::size_t longest_request = 65536;

void serve(mailweir::Fd connection) {
  static constexpr std::string_view answer = "action=DUNNO\n\n";
  std::string buffer;
  char bytes[8192];
  for (;;) {
    const auto got = recv(connection.get(), bytes, sizeof bytes, 0);
    if (got <= 0) return;
    buffer.append(bytes, static_cast<std::size_t>(got));
    for (std::size_t end; (end = buffer.find("\n\n")) != buffer.npos;) {
      buffer.erase(0, end + 2);
      if (send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    }
    if (buffer.size() > longest_request) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto name = mailweir::SocketName::parse(argc == 2 ? argv[1] : "");
  if (!name) {
    std::fprintf(stderr, "usage: policy_floor SOCKET\n%s\n", name.error().what.c_str());
    return 2;
  }
  auto listener = mailweir::listen_on(*name, {}, 512);
  if (!listener) {
    std::fprintf(stderr, "policy_floor: %s\n", listener.error().what.c_str());
    return 1;
  }
  for (;;) {
    mailweir::Fd connection(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) std::thread(serve, std::move(connection)).detach();
  }
}

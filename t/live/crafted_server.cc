// SPDX-License-Identifier: BSD-2-Clause
#include "crafted_server.h"

#include <doctest/doctest.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace mailweir::test {
namespace {

// Binds to a free loopback port and returns it.
std::uint16_t bind_somewhere(int fd) {
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof local;
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&local), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0);
  return ntohs(local.sin_port);
}

}  // namespace

ClosedPort::ClosedPort()
    : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), port_(bind_somewhere(socket_.get())) {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  peer.sin_port = htons(1);
  REQUIRE(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0);
}

CraftedServer::CraftedServer(Answers answers)
    : answers_(std::move(answers)), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      event_(eventfd(0, EFD_CLOEXEC)) {
  port_ = bind_somewhere(socket_.get());
  thread_ = std::thread([this] { run(); });
}

CraftedServer::~CraftedServer() {
  const std::uint64_t one = 1;
  if (write(event_.get(), &one, sizeof one) == sizeof one) thread_.join();
}

void CraftedServer::run() {
  for (;;) {
    pollfd wait[] = {{socket_.get(), POLLIN, 0}, {event_.get(), POLLIN, 0}};
    if (poll(wait, 2, -1) < 0) continue;
    if (wait[1].revents != 0) return;
    char query[4096];
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const auto length = recvfrom(socket_.get(), query, sizeof query, 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (length < 12) continue;
    ++asked_;
    for (const auto& packet : answers_({query, static_cast<std::size_t>(length)}))
      sendto(socket_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&peer), size);
  }
}

}  // namespace mailweir::test

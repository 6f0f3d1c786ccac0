// SPDX-License-Identifier: BSD-2-Clause
#include "line.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/socket.h>

namespace mailweir::bench {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)), events_(256) {}

void Poller::add(int fd, std::uint32_t slot) {
  epoll_event event{.events = EPOLLIN, .data = {.u32 = slot}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Poller::want_write(int fd, std::uint32_t slot, bool write) {
  epoll_event event{.events = EPOLLIN, .data = {.u32 = slot}};
  if (write) event.events |= EPOLLOUT;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

std::span<const epoll_event> Poller::wait(std::chrono::milliseconds longest) {
  const int count =
      epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), static_cast<int>(longest.count()));
  return {events_.data(), static_cast<std::size_t>(count > 0 ? count : 0)};
}

Line::State Line::connect(const SocketName& name, Poller& poller, std::uint32_t slot) {
  unsent_.clear();
  auto fd = connect_to(name, Deadline::in(std::chrono::seconds(2)));
  if (!fd) {
    trouble_ = fd.error().what;
    return fd.error().temporary ? State::refused_for_now : State::broken;
  }
  fd_ = std::move(*fd);
  poller.add(fd_.get(), slot);
  return State::open;
}

bool Line::send(std::string_view bytes, Poller& poller, std::uint32_t slot) {
  if (!unsent_.empty()) {
    unsent_.append(bytes);
    return true;
  }
  while (!bytes.empty()) {
    const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) {
      trouble_ = std::string("send: ") + std::strerror(errno);
      return false;
    }
    if (sent < 0) {
      unsent_ = bytes;
      poller.want_write(fd_.get(), slot, true);
      return true;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Line::flush(Poller& poller, std::uint32_t slot) {
  if (unsent_.empty()) return true;
  const std::string bytes = std::exchange(unsent_, {});
  if (!send(bytes, poller, slot)) return false;
  if (unsent_.empty()) poller.want_write(fd_.get(), slot, false);
  return true;
}

std::string_view Line::receive(bool& open) {
  static std::array<char, 65536> buffer;
  for (;;) {
    const auto got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) return {buffer.data(), static_cast<std::size_t>(got)};
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return {};
    trouble_ =
        got == 0 ? std::string("the server closed the connection") : std::string("recv: ") + std::strerror(errno);
    open = false;
    return {};
  }
}

void Line::close() {
  fd_.reset();
  unsent_.clear();
}

}  // namespace mailweir::bench

// SPDX-License-Identifier: BSD-2-Clause
// Poller: epoll, level-triggered, events by slot number. Line: a connected socket with what still has to be written.
// One thread; nothing blocks but Poller::wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/epoll.h>

#include "base/handle.h"
#include "base/result.h"
#include "base/socket.h"

namespace mailweir::bench {

class Poller {
 public:
  Poller();
  void add(int fd, std::uint32_t slot);                                  // tells when it can be read
  void want_write(int fd, std::uint32_t slot, bool write);               // and when it can be written
  std::span<const epoll_event> wait(std::chrono::milliseconds longest);  // data.u32 is the slot

 private:
  Fd epoll_;
  std::vector<epoll_event> events_;
};

class Line {
 public:
  enum class State { open, refused_for_now, broken };

  // refused_for_now: the server's backlog is full, or it is not there yet.
  State connect(const SocketName& name, Poller& poller, std::uint32_t slot);
  // Writes what it can of the bytes and keeps the rest. False: the peer is gone.
  bool send(std::string_view bytes, Poller& poller, std::uint32_t slot);
  bool flush(Poller& poller, std::uint32_t slot);
  // What has come, valid until the next call on any line; empty when there is nothing now. `open` false: the peer is
  // gone.
  std::string_view receive(bool& open);
  void close();
  bool is_open() const { return static_cast<bool>(fd_); }
  const std::string& trouble() const { return trouble_; }

 private:
  Fd fd_;
  std::string unsent_, trouble_;
};

}  // namespace mailweir::bench

// SPDX-License-Identifier: BSD-2-Clause
#include "base/blocking.h"

#include <cerrno>
#include <thread>

#include <poll.h>

namespace mailweir {
namespace {

thread_local WaitingLoop* loop_of_this_thread = nullptr;

}  // namespace

WaitingLoop* waiting_loop() noexcept { return loop_of_this_thread; }

bool run_blocking(Deadline deadline, const std::function<void()>& work) {
  if (WaitingLoop* loop = waiting_loop()) return loop->run_apart(work, deadline);
  work();
  return true;
}

bool wait_for_socket(int fd, bool to_write, Deadline deadline) {
  if (WaitingLoop* loop = waiting_loop()) return loop->wait_for_socket(fd, to_write, deadline);
  pollfd waited{fd, static_cast<short>(to_write ? POLLOUT : POLLIN), 0};
  int ready = 0;
  do ready = ::poll(&waited, 1, static_cast<int>(deadline.left().count()));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

void wait_until(Deadline deadline) {
  WaitingLoop* loop = waiting_loop();
  if (loop == nullptr) return std::this_thread::sleep_until(deadline.at());
  WaitingLoop::Wait wait;
  loop->set_aside(wait, deadline);
}

InLoop::InLoop(WaitingLoop& loop) noexcept { loop_of_this_thread = &loop; }
InLoop::~InLoop() { loop_of_this_thread = nullptr; }

}  // namespace mailweir

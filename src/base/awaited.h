// SPDX-License-Identifier: BSD-2-Clause
// Awaited: what several callers wait for and another thread brings, guarded by a mutex of the owner's. A caller that is
// run by a loop is set aside meanwhile (base/blocking.h).
#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/blocking.h"

namespace mailweir {

class Awaited {
 public:
  // Until ready() holds, which is asked under the lock, or the deadline is over. Whether it holds.
  template <typename Ready>
  bool wait(std::unique_lock<std::mutex>& lock, Deadline deadline, Ready ready) {
    WaitingLoop* const loop = waiting_loop();
    if (loop == nullptr) return arrived_.wait_until(lock, deadline.at(), ready);
    if (ready()) return true;
    WaitingLoop::Wait wait;
    const auto waker = loop->waker(wait);
    waiting_.push_back(waker);
    lock.unlock();
    loop->set_aside(wait, deadline);
    lock.lock();
    std::erase(waiting_, waker);
    return ready();
  }
  // It is there. Under the lock.
  void wake() {
    arrived_.notify_all();
    for (const auto& waker : waiting_) waker->wake();
  }

 private:
  std::condition_variable arrived_;
  std::vector<std::shared_ptr<Waker>> waiting_;
};

}  // namespace mailweir

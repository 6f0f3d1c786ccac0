// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/dns/deadline_thread.h"

#include <csignal>

#include <pthread.h>

namespace mailweir {

DeadlineThread::DeadlineThread() {
  sigset_t all, before;  // signals are the main thread's
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "dns-deadlines");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

DeadlineThread::~DeadlineThread() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void DeadlineThread::set(Key at, std::function<void()> act) {
  bool earliest = false;
  {
    std::lock_guard lock(mutex_);
    earliest = acts_.empty() || at < acts_.begin()->first;
    acts_.emplace(at, std::move(act));
  }
  if (earliest) changed_.notify_one();
}

void DeadlineThread::unset(Key at) {
  std::lock_guard lock(mutex_);
  acts_.erase(at);
}

void DeadlineThread::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (acts_.empty()) {
      changed_.wait(lock);
    } else if (const auto next = acts_.begin(); next->first.first > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, SteadyTime(next->first.first));
    } else {
      const auto act = std::move(next->second);
      acts_.erase(next);
      lock.unlock();
      act();
      lock.lock();
    }
  }
}

}  // namespace mailweir

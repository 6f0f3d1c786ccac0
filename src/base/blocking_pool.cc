// SPDX-License-Identifier: BSD-2-Clause
#include "base/blocking_pool.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace mailweir {
namespace {

constexpr std::chrono::seconds look_again{10};  // at work that has begun: it says itself when it is done

}  // namespace

// On the stack of the one that waits for it.
struct BlockingPool::Job {
  const std::function<void()>& work;
  std::shared_ptr<Waker> waker;
  // Guarded by the pool's mutex:
  enum class State { waiting, begun, done } state = State::waiting;
  std::exception_ptr failure{};
};

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool BlockingPool::run(WaitingLoop& loop, const std::function<void()>& work, Deadline deadline) {
  WaitingLoop::Wait wait;
  Job job{work, loop.waker(wait)};
  if (!submit(job)) return false;
  for (auto until = deadline;; until = Deadline::in(look_again)) {
    loop.set_aside(wait, until);
    const std::lock_guard lock(mutex_);
    if (job.state == Job::State::done) break;
    if (withdraw(job)) return false;
  }
  if (job.failure) std::rethrow_exception(job.failure);
  return true;
}

// False: there is no thread, and none can be had.
bool BlockingPool::submit(Job& job) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(&job);
  if (idle_ < waiting_.size() && threads_.size() < most_) {
    try {
      threads_.emplace_back([this] { serve(); });
    } catch (const std::exception&) {  // the system gives none
      if (threads_.empty()) return !withdraw(job);
    }
  }
  changed_.notify_one();
  return true;
}

// With the lock held. Whether it had not begun.
bool BlockingPool::withdraw(Job& job) { return std::erase(waiting_, &job) != 0; }

std::size_t BlockingPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

void BlockingPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    --idle_;
    if (waiting_.empty()) return;
    Job& job = *waiting_.front();
    waiting_.pop_front();
    job.state = Job::State::begun;
    lock.unlock();
    std::exception_ptr failure;
    try {
      job.work();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    job.failure = std::move(failure);
    job.state = Job::State::done;
    const auto waker = job.waker;  // from here on the job may be gone
    lock.unlock();
    waker->wake();
    lock.lock();
  }
}

}  // namespace mailweir

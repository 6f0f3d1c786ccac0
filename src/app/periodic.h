// SPDX-License-Identifier: BSD-2-Clause
// Periodic: a thread that does one thing again and again with a pause between, until it is stopped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace mailweir {

class Periodic {
 public:
  // Begins at once. The work must end within seconds and must not throw.
  Periodic(std::chrono::milliseconds pause, std::function<void()> work)
      : pause_(pause), work_(std::move(work)), thread_([this] { run(); }) {}
  // Waits for the work that is being done.
  ~Periodic() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!done_) {
      lock.unlock();
      work_();
      lock.lock();
      wake_.wait_for(lock, pause_, [this] { return done_; });
    }
  }

  const std::chrono::milliseconds pause_;
  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace mailweir

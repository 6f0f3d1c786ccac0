// SPDX-License-Identifier: BSD-2-Clause
// BlockingPool: a few threads for what must block: connecting, a TLS session, a resolver of the system. Work that finds
// none free waits for one, until its deadline. A thread is started when it is first needed, and stays.
//
// run: for the work of loops, each on its own thread. The pool outlives the loops.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/waiting_loop.h"

namespace mailweir {

class BlockingPool {
 public:
  explicit BlockingPool(std::size_t most) : most_(most) {}
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // See WaitingLoop::run_apart.
  bool run(WaitingLoop& loop, const std::function<void()>& work, Deadline deadline);
  std::size_t threads() const;

 private:
  struct Job;

  bool submit(Job& job);
  bool withdraw(Job& job);
  void serve();

  const std::size_t most_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Job*> waiting_;
  std::size_t idle_ = 0;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mailweir

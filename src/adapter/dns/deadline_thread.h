// SPDX-License-Identifier: BSD-2-Clause
// DeadlineThread: calls a function at set moments, on a thread of its own. Thread-safe. Destruction joins the thread
// and drops what is still set.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"

namespace mailweir {

class DeadlineThread {
 public:
  using Key = std::pair<SteadyTime, std::uint64_t>;  // the number makes it unique

  DeadlineThread();
  ~DeadlineThread();
  void set(Key at, std::function<void()> act);
  // One that is running or has run is left alone.
  void unset(Key at);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, std::function<void()>> acts_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mailweir

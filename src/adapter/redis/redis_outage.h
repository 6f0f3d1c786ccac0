// SPDX-License-Identifier: BSD-2-Clause
// RedisOutage: whether a server answers. While it does not, it is asked once a second, and all others know at once;
// one line in the log says that it went down, one that it came back. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace mailweir {

struct RedisOutageStats {
  std::atomic<bool> up{true};
  std::atomic<std::uint64_t> errors{0}, outages{0};
};

class RedisOutage {
 public:
  // `event`: of its log lines; `store`: the server's name there; `what` follows from it. The others must outlive it.
  RedisOutage(std::string event, std::string store, std::string what, RedisOutageStats& stats, const Clock& clock,
              Log& log)
      : event_(std::move(event)), store_(std::move(store)), what_(std::move(what)), stats_(stats), clock_(clock),
        log_(log) {}

  // Whether to ask it now.
  bool may_try();
  // It answered; it did not.
  void went_up();
  void went_down(const Error& error);

 private:
  const std::string event_, store_, what_;
  RedisOutageStats& stats_;
  const Clock& clock_;
  Log& log_;
  std::mutex mutex_;  // guards what follows, and the changes of stats_.up
  SteadyTime next_try_{}, down_since_{};
};

}  // namespace mailweir

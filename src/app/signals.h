// SPDX-License-Identifier: BSD-2-Clause
// Signals: HUP, TERM, INT and USR1 as bytes in a pipe. libmilter's own thread waits for HUP, TERM and INT too and would
// stop the milter door on each: all threads keep them blocked, handlers stand in the main thread, and only it lets them in.
#pragma once

#include <chrono>
#include <optional>

#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

class Signals {
 public:
  // Blocks them for this thread and all it will start. In main, before any thread.
  static void block();
  // Takes them from now on. In main, after all threads have started. Once in a process.
  static Result<Signals> take();

  // The next signal's number, nothing when none came in time.
  std::optional<int> wait(std::chrono::milliseconds longest);

 private:
  explicit Signals(Fd read_end) : read_end_(std::move(read_end)) {}
  Fd read_end_;
};

}  // namespace mailweir

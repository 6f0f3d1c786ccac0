// SPDX-License-Identifier: BSD-2-Clause
// Signals: HUP, TERM, INT and USR1, taken by the main thread one after the other, the most urgent first. All threads
// keep them blocked, handlers stand in the main thread, and only it lets them in. libmilter's own thread would wait for
// HUP, TERM and INT and stop the milter door on each; libmilter_door/server.cc does not let it.
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

  // The next signal's number, nothing when none came in time. The same one several times is one.
  std::optional<int> wait(std::chrono::milliseconds longest);

 private:
  explicit Signals(Fd read_end) : read_end_(std::move(read_end)) {}
  Fd read_end_;
};

}  // namespace mailweir

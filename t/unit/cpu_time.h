// SPDX-License-Identifier: BSD-2-Clause
// What work costs, for tests that bound it: the processor time of this thread, which a busy machine does not lengthen as it
// does the time on the wall.
#pragma once

#include <chrono>
#include <ctime>

namespace mailweir::test {

template <typename Work>
std::chrono::nanoseconds cpu_time(Work work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto begun = now();
  work();
  return now() - begun;
}

}  // namespace mailweir::test

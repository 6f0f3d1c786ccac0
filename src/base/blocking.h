// SPDX-License-Identifier: BSD-2-Clause
// Waiting, deep inside (for a lookup, for a counter store), without holding up the other work of the thread: what is
// run by a loop is set aside (base/waiting_loop.h). On a thread that no loop has, a wait blocks.
#pragma once

#include <functional>

#include "base/waiting_loop.h"

namespace mailweir {

// The loop that the calling work may be set aside in; nullptr: none, it must block.
WaitingLoop* waiting_loop() noexcept;

// Does what blocks its thread: here, or, in a loop, on a thread of the loop's pool, the caller set aside meanwhile.
// False: no thread was free by the deadline, and nothing was done.
[[nodiscard]] bool run_blocking(Deadline deadline, const std::function<void()>& work);

// Until the socket can be read (or written to), or its peer is gone. False: not by the deadline.
[[nodiscard]] bool wait_for_socket(int fd, bool to_write, Deadline deadline);

// Until then: a pause that ends by its deadline alone.
void wait_until(Deadline deadline);

// The loop's: what it runs while this lives may be set aside.
class InLoop {
 public:
  explicit InLoop(WaitingLoop& loop) noexcept;
  ~InLoop();
  InLoop(const InLoop&) = delete;
  InLoop& operator=(const InLoop&) = delete;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// about_to_block: what waits deep inside (for a lookup, for a counter store) says so first, so that whoever owns the
// thread can give its other work to another one. A word a thread: a thread that nobody watches loses nothing.
// waiting_loop: better still, the wait may be the loop's own (base/waiting_loop.h).
#pragma once

#include "base/waiting_loop.h"

namespace mailweir {

class BlockingWatcher {
 public:
  virtual void about_to_block() noexcept = 0;
  virtual WaitingLoop* waiting_loop() noexcept { return nullptr; }

 protected:
  ~BlockingWatcher() = default;
};

// Of the calling thread; nullptr: nobody.
void watch_blocking(BlockingWatcher* watcher);
void about_to_block() noexcept;
// The loop that the calling work may be set aside in; nullptr: there is none, it must block. True of this moment.
WaitingLoop* waiting_loop() noexcept;

}  // namespace mailweir

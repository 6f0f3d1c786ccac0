// SPDX-License-Identifier: BSD-2-Clause
// about_to_block: what waits deep inside (for a look-up, for a counter store) says so first, so that whoever owns the
// thread can give its other work to another one. A word a thread: a thread that nobody watches loses nothing.
#pragma once

namespace mailweir {

class BlockingWatcher {
 public:
  virtual void about_to_block() noexcept = 0;

 protected:
  ~BlockingWatcher() = default;
};

// Of the calling thread; nullptr: nobody.
void watch_blocking(BlockingWatcher* watcher);
void about_to_block() noexcept;

}  // namespace mailweir

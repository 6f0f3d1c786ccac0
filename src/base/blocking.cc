// SPDX-License-Identifier: BSD-2-Clause
#include "base/blocking.h"

namespace mailweir {
namespace {

thread_local BlockingWatcher* watcher_of_this_thread = nullptr;

}  // namespace

void watch_blocking(BlockingWatcher* watcher) { watcher_of_this_thread = watcher; }

void about_to_block() noexcept {
  if (watcher_of_this_thread != nullptr) watcher_of_this_thread->about_to_block();
}

WaitingLoop* waiting_loop() noexcept {
  return watcher_of_this_thread != nullptr ? watcher_of_this_thread->waiting_loop() : nullptr;
}

}  // namespace mailweir

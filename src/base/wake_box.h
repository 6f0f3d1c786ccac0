// SPDX-License-Identifier: BSD-2-Clause
// WakeBox: where other threads leave word for a loop of which wait is to be woken. A guest of that loop, which reads
// it; the wakers may outlive it.
#pragma once

#include <memory>

#include "base/waiting_loop.h"

namespace mailweir {

class WakeBox final : public LoopGuest {
 public:
  explicit WakeBox(WaitingLoop& loop);
  ~WakeBox() override;

  std::shared_ptr<Waker> waker(WaitingLoop::Wait& wait);

  int fd() const override;
  void ready() override;
  bool flush() override { return true; }
  bool is_over() const override { return false; }

 private:
  struct Post;
  struct Ticket;

  WaitingLoop& loop_;
  const std::shared_ptr<Post> post_;
};

}  // namespace mailweir

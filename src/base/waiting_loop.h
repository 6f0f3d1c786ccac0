// SPDX-License-Identifier: BSD-2-Clause
// WaitingLoop: a loop that can set the work at hand aside until an answer comes, and go on with other work meanwhile.
// LoopGuest: the socket that the answer comes by; the loop watches it beside its own. So many callers can share one
// connection with no lock and no thread of their own: all that is said here is said by the thread that leads the loop.
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"

namespace mailweir {

class LoopGuest {
 public:
  virtual ~LoopGuest() = default;
  virtual int fd() const = 0;
  // Something can be read, or the peer is gone.
  virtual void ready() = 0;
  // Before the loop waits: sends what is to be sent. False: the socket takes no more for now.
  virtual bool flush() = 0;
  // Of no more use, and nobody waits for it.
  virtual bool is_over() const = 0;
};

class WaitingLoop {
 public:
  // One wait. Lives on the stack of the work that waits.
  struct Wait {
    void* work = nullptr;  // the loop's
    bool woken = false;
  };
  // The guest that was brought in by this name; nullptr: none.
  virtual LoopGuest* guest(std::uint64_t name) = 0;
  // False: its socket cannot be watched.
  virtual bool add_guest(std::uint64_t name, std::unique_ptr<LoopGuest> guest) = 0;
  // Returns when wait was woken, or the deadline is over. Another thread may lead, and have called, by then.
  virtual void set_aside(Wait& wait, Deadline deadline) = 0;
  virtual void wake(Wait& wait) = 0;

 protected:
  ~WaitingLoop() = default;
};

}  // namespace mailweir

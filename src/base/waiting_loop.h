// SPDX-License-Identifier: BSD-2-Clause
// WaitingLoop: a loop that can set the work at hand aside until an answer comes, and go on with other work meanwhile.
// LoopGuest: the socket that the answer comes by; the loop watches it beside its own. So many callers can share one
// connection with no lock and no thread of their own: a loop has one thread, and all but Waker is for that thread
// alone. Waker: where the answer comes on another thread.
#pragma once

#include <cstdint>
#include <functional>
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
  // Of no more use, and nothing waits for it.
  virtual bool is_over() const = 0;
};

// Wakes one wait, from any thread and as often as one likes; does nothing when the wait, or the loop, is over.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() noexcept = 0;
};

class WaitingLoop {
 public:
  // One wait. Lives on the stack of the work that waits.
  struct Wait {
    Wait() = default;
    ~Wait() {
      if (waker != nullptr) waker->wait = nullptr;
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    // The loop's:
    struct Ticket : Waker {
      Wait* wait = nullptr;  // nullptr: it is over. The loop's thread's alone
    };
    void* work = nullptr;  // while it is set aside
    std::shared_ptr<Ticket> waker;
    bool woken = false;
  };
  // The guest that was brought in by this name; nullptr: none.
  virtual LoopGuest* guest(std::uint64_t name) = 0;
  // False: its socket cannot be watched.
  virtual bool add_guest(std::uint64_t name, std::unique_ptr<LoopGuest> guest) = 0;
  // Returns when the wait was woken, or the deadline is over.
  virtual void set_aside(Wait& wait, Deadline deadline) = 0;
  virtual void wake(Wait& wait) = 0;
  // For other threads.
  virtual std::shared_ptr<Waker> waker(Wait& wait) = 0;
  // Until the socket can be read (or written to), or its peer is gone. False: not by the deadline.
  virtual bool wait_for_socket(int fd, bool to_write, Deadline deadline) = 0;
  // Has a thread of a small pool do what blocks, the caller set aside. False: none was free by the deadline, and
  // nothing was done. What the work throws is thrown here. Once it has begun it is waited for: it keeps the deadline
  // itself.
  virtual bool run_apart(const std::function<void()>& work, Deadline deadline) = 0;

 protected:
  ~WaitingLoop() = default;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Fiber: work with a stack of its own that can be set aside in the middle and taken up again later, by another thread
// too. One thread at a time uses it. Beneath a pause no lock may be held, and nothing may be kept that belongs to the
// thread: a function that reads errno before and after has another thread's. Not in a catch block or a destructor of
// unwinding either (may_pause).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <ucontext.h>

namespace mailweir {

class Fiber {
 public:
  static constexpr std::size_t stack_size = 512 << 10;  // of addresses; memory is what was touched

  Fiber();  // std::bad_alloc: there is no memory for a stack
  ~Fiber();  // not between pause() and the end
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // What resume() runs next; the one before has ended. It must not throw.
  void set_work(std::function<void()> work) { work_ = std::move(work); }
  // Begins, or goes on, until pause() or the end. True: the end.
  bool resume();
  // From inside: back to whoever resumed.
  void pause();
  // Whether the calling thread is free of what belongs to it alone: exceptions that are being handled.
  static bool may_pause() noexcept;

 private:
  static void enter(unsigned high, unsigned low);
  void run();

  std::function<void()> work_;
  bool ended_ = true;
  void* stack_ = nullptr;
  ucontext_t own_, resumer_;
  // What a sanitizer must know; not used without one.
  [[maybe_unused]] void* own_tag_ = nullptr;
  [[maybe_unused]] void* resumer_tag_ = nullptr;
  [[maybe_unused]] void* fake_stack_ = nullptr;
  [[maybe_unused]] const void* resumer_stack_ = nullptr;
  [[maybe_unused]] std::size_t resumer_size_ = 0;
};

}  // namespace mailweir

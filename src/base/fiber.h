// SPDX-License-Identifier: BSD-2-Clause
// Fiber: work with a stack of its own that can be set aside in the middle and taken up again later. It may pause
// anywhere, in a catch block or a destructor of unwinding too: exceptions that are being handled are the fiber's.
// Beneath a pause no lock may be held, and nothing may be kept that belongs to the thread: others use errno meanwhile.
// One thread at a time uses it.
#pragma once

#include <cstddef>
#include <functional>

namespace mailweir {

class Fiber {
 public:
  static constexpr std::size_t stack_size = 512 << 10;  // of addresses; memory is what was touched

  Fiber();   // std::bad_alloc: there is no memory for a stack
  ~Fiber();  // not between pause() and the end
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // What resume() runs next; the one before has ended. It must not throw.
  void set_work(std::function<void()> work) { work_ = std::move(work); }
  // Begins, or goes on, until pause() or the end. True: the end.
  bool resume();
  // From inside: back to the one that resumed it.
  void pause();

 private:
  friend struct FiberEntry;
  [[noreturn]] void run() noexcept;

  std::function<void()> work_;
  bool ended_ = true;
  void* stack_ = nullptr;
  void *own_ = nullptr, *resumer_ = nullptr;  // where each of the two goes on
  // What a sanitizer must know; not used without one.
  [[maybe_unused]] void* own_tag_ = nullptr;
  [[maybe_unused]] void* resumer_tag_ = nullptr;
  [[maybe_unused]] void* fake_stack_ = nullptr;
  [[maybe_unused]] const void* resumer_stack_ = nullptr;
  [[maybe_unused]] std::size_t resumer_size_ = 0;
};

}  // namespace mailweir

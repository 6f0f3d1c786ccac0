// SPDX-License-Identifier: BSD-2-Clause
#include "base/fiber.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAILWEIR_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define MAILWEIR_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define MAILWEIR_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define MAILWEIR_TSAN 1
#endif
#ifdef MAILWEIR_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MAILWEIR_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mailweir {
namespace {

std::size_t page() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

Fiber::Fiber() {
  // The lowest page stays closed: a stack that overflows ends the program, and nobody else's memory.
  void* memory = mmap(nullptr, stack_size + page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  stack_ = static_cast<char*>(memory) + page();
  if (mprotect(stack_, stack_size, PROT_READ | PROT_WRITE) != 0 || getcontext(&own_) != 0) {
    munmap(memory, stack_size + page());
    throw std::bad_alloc();
  }
  // Stacks that all begin at the same place of a page would push each other out of the processor's cache.
  static std::atomic<std::size_t> made{0};
  const std::size_t shift = made++ % 32 * 704;
  own_.uc_stack.ss_sp = stack_;
  own_.uc_stack.ss_size = stack_size - shift / 64 * 64;
  own_.uc_link = nullptr;  // run() never returns
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::enter), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
#ifdef MAILWEIR_TSAN
  own_tag_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef MAILWEIR_TSAN
  __tsan_destroy_fiber(own_tag_);
#endif
  munmap(static_cast<char*>(stack_) - page(), stack_size + page());
}

bool Fiber::resume() {
  ended_ = false;
#ifdef MAILWEIR_ASAN
  void* mine = nullptr;
  __sanitizer_start_switch_fiber(&mine, stack_, stack_size);
#endif
#ifdef MAILWEIR_TSAN
  resumer_tag_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(own_tag_, 0);
#endif
  swapcontext(&resumer_, &own_);
#ifdef MAILWEIR_ASAN
  __sanitizer_finish_switch_fiber(mine, nullptr, nullptr);
#endif
  return ended_;
}

void Fiber::pause() {
#ifdef MAILWEIR_ASAN
  __sanitizer_start_switch_fiber(&fake_stack_, resumer_stack_, resumer_size_);
#endif
#ifdef MAILWEIR_TSAN
  __tsan_switch_to_fiber(resumer_tag_, 0);
#endif
  swapcontext(&own_, &resumer_);
#ifdef MAILWEIR_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &resumer_stack_, &resumer_size_);
#endif
}

bool Fiber::may_pause() noexcept { return std::uncaught_exceptions() == 0 && std::current_exception() == nullptr; }

void Fiber::enter(unsigned high, unsigned low) {
  reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(high) << 32 | low)->run();
}

void Fiber::run() {
#ifdef MAILWEIR_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &resumer_stack_, &resumer_size_);
#endif
  for (;;) {
    work_();
    ended_ = true;
    pause();
  }
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "base/fiber.h"

#include <atomic>
#include <new>
#include <utility>

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>

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
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MAILWEIR_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mailweir {

namespace context = boost::context::detail;

namespace {

std::size_t page() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// What a thread keeps of the exceptions that it handles (Itanium C++ ABI, Exception Handling 2.2.2).
struct Exceptions {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// Never the same twice for the compiler: one fiber may be resumed by several threads in turn.
[[gnu::noinline]] Exceptions& exceptions_of_thread() {
  asm volatile("" ::: "memory");
  return *reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
}

// While it lives, the exceptions at hand are out of sight: the other side of a switch has its own.
class ExceptionsAside {
 public:
  ExceptionsAside() : own_(std::exchange(exceptions_of_thread(), {})) {}
  ~ExceptionsAside() { exceptions_of_thread() = own_; }
  ExceptionsAside(const ExceptionsAside&) = delete;
  ExceptionsAside& operator=(const ExceptionsAside&) = delete;

 private:
  const Exceptions own_;
};

}  // namespace

struct FiberEntry {
  static void enter(context::transfer_t from) noexcept {
    auto& fiber = *static_cast<Fiber*>(from.data);
    fiber.resumer_ = from.fctx;
    fiber.run();
  }
};

Fiber::Fiber() {
  // The lowest page stays closed: a stack that overflows ends the program and damages no other memory.
  void* memory =
      mmap(nullptr, stack_size + page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  stack_ = static_cast<char*>(memory) + page();
  if (mprotect(stack_, stack_size, PROT_READ | PROT_WRITE) != 0) {
    munmap(memory, stack_size + page());
    throw std::bad_alloc();
  }
  // Stacks that all begin at the same place of a page would push each other out of the processor's cache.
  static std::atomic<std::size_t> made{0};
  const std::size_t size = stack_size - made++ % 32 * 704 / 64 * 64;
  own_ = context::make_fcontext(static_cast<char*>(stack_) + size, size, &FiberEntry::enter);
#ifdef MAILWEIR_TSAN
  own_tag_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef MAILWEIR_TSAN
  __tsan_destroy_fiber(own_tag_);
#endif
#ifdef MAILWEIR_ASAN
  // Its frames never return; their marks would be taken for those of the next user of these addresses.
  __asan_unpoison_memory_region(stack_, stack_size);
#endif
  munmap(static_cast<char*>(stack_) - page(), stack_size + page());
}

bool Fiber::resume() {
  const ExceptionsAside exceptions;
  ended_ = false;
#ifdef MAILWEIR_ASAN
  void* mine = nullptr;
  __sanitizer_start_switch_fiber(&mine, stack_, stack_size);
#endif
#ifdef MAILWEIR_TSAN
  resumer_tag_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(own_tag_, 0);
#endif
  own_ = context::jump_fcontext(own_, this).fctx;
#ifdef MAILWEIR_ASAN
  __sanitizer_finish_switch_fiber(mine, nullptr, nullptr);
#endif
  return ended_;
}

void Fiber::pause() {
  const ExceptionsAside exceptions;
#ifdef MAILWEIR_ASAN
  __sanitizer_start_switch_fiber(&fake_stack_, resumer_stack_, resumer_size_);
#endif
#ifdef MAILWEIR_TSAN
  __tsan_switch_to_fiber(resumer_tag_, 0);
#endif
  resumer_ = context::jump_fcontext(resumer_, nullptr).fctx;
#ifdef MAILWEIR_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &resumer_stack_, &resumer_size_);
#endif
}

void Fiber::run() noexcept {
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

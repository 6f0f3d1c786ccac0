// SPDX-License-Identifier: BSD-2-Clause
// Work on a stack of its own: it pauses at any depth, in the middle of exceptions too, and never leaves its stack.
#include "base/fiber.h"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <doctest/doctest.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define MAILWEIR_TEST_ASAN 1
#endif
#endif

namespace mailweir {
namespace {

// So many calls deep, then a pause; what it gives is the sum of all depths.
int dive(Fiber& fiber, int depth) {
  volatile char room[200] = {};
  room[depth % 200] = 1;
  if (depth == 0) {
    fiber.pause();
    return 0;
  }
  return dive(fiber, depth - 1) + depth + room[(depth + 1) % 200];
}

// A destructor that pauses, as one that gives charges back does.
struct PausesAtTheEnd {
  Fiber& fiber;
  std::string& told;
  ~PausesAtTheEnd() {
    told += std::to_string(std::uncaught_exceptions());
    fiber.pause();
    told += std::to_string(std::uncaught_exceptions());
  }
};

std::string current_words() {
  const auto current = std::current_exception();
  if (current == nullptr) return "none";
  try {
    std::rethrow_exception(current);
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

TEST_CASE("fiber: pauses at any depth, and again with other work") {
  Fiber fiber;
  for (const int depth : {0, 1, 10, 500}) {
    CAPTURE(depth);
    int sum = -1;
    fiber.set_work([&] { sum = dive(fiber, depth); });
    CHECK_FALSE(fiber.resume());
    CHECK(sum == -1);
    CHECK(fiber.resume());
    CHECK(sum == depth * (depth + 1) / 2);
  }
}

TEST_CASE("fiber: an exception passes pauses, and each side has its own") {
  Fiber first, second;
  std::string told;
  const auto work = [&told](Fiber& fiber, std::string name) {
    try {
      fiber.pause();
      throw std::runtime_error(name);
    } catch (const std::exception&) {
      fiber.pause();
      told += current_words() + ' ';
      try {
        const PausesAtTheEnd guard{fiber, told};
        throw std::logic_error(name + " inside");
      } catch (const std::exception&) {
        fiber.pause();
        told += ' ' + current_words() + ", ";
      }
      told += current_words() + ' ';
    }
    told += current_words() + '\n';
  };
  first.set_work([&] { work(first, "first"); });
  second.set_work([&] { work(second, "second"); });
  try {
    throw std::runtime_error("outside");
  } catch (const std::exception&) {
    bool ended = false, other = false;
    while (!ended || !other) {
      if (!ended) ended = first.resume();
      CHECK(current_words() == "outside");
      CHECK(std::uncaught_exceptions() == 0);
      if (!other) other = second.resume();
    }
    CHECK(current_words() == "outside");
  }
  CHECK(current_words() == "none");
  CHECK(told == "first 1second 111 first inside, first none\n second inside, second none\n");
}

TEST_CASE("fiber: what its work throws and does not catch is caught where the work says") {
  Fiber fiber;
  std::string caught;
  fiber.set_work([&] {
    try {
      dive(fiber, 40);
      throw std::runtime_error("as asked");
    } catch (const std::exception& failure) {
      caught = failure.what();
    }
  });
  CHECK_FALSE(fiber.resume());
  CHECK(fiber.resume());
  CHECK(caught == "as asked");
}

TEST_CASE("fiber: one begins another, and each comes back to the one that resumed it") {
  Fiber outer, inner;
  std::string told;
  inner.set_work([&] {
    told += "inner ";
    inner.pause();
    told += "again ";
  });
  outer.set_work([&] {
    CHECK_FALSE(inner.resume());
    outer.pause();
    told += "outer ";
    CHECK(inner.resume());
  });
  CHECK_FALSE(outer.resume());
  told += "main ";
  CHECK(outer.resume());
  CHECK(told == "inner main outer again ");
}

TEST_CASE("fiber: many, resumed in any order, by other threads too") {
  constexpr int many = 300;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<int> steps(many, 0);
  for (int i = 0; i < many; ++i) {
    fibers.push_back(std::make_unique<Fiber>());
    fibers.back()->set_work([&, i] {
      for (int step = 0; step < 4; ++step) {
        CHECK(dive(*fibers[static_cast<std::size_t>(i)], i % 50) == i % 50 * (i % 50 + 1) / 2);
        ++steps[static_cast<std::size_t>(i)];
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    std::thread other([&] {
      for (int i = many - 1; i >= 0; --i) CHECK_FALSE(fibers[static_cast<std::size_t>(i * 7 % many)]->resume());
    });
    other.join();
  }
  for (const auto& fiber : fibers) CHECK(fiber->resume());
  for (const int step : steps) CHECK(step == 4);
}

#ifdef MAILWEIR_TEST_ASAN
// Else a library without a sanitizer's marks, at work on the next stack at these addresses, is called a fault.
TEST_CASE("fiber: leaves no sanitizer's marks where its stack was") {
  for (const int depth : {0, 30}) {
    char* inside = nullptr;
    {
      Fiber fiber;
      fiber.set_work([&] {
        char here[64] = {};
        inside = here;
        dive(fiber, depth);
      });
      CHECK_FALSE(fiber.resume());
      CHECK(__asan_region_is_poisoned(inside - 4096, 8192) != nullptr);
      CHECK(fiber.resume());
    }
    CHECK(__asan_region_is_poisoned(inside - 65536, 65536 + 1024) == nullptr);
  }
}
#endif

// In a child: the page below a stack is closed, so one that overflows dies at once and writes over nothing.
TEST_CASE("fiber: a stack that overflows ends the process") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT}) ::signal(number, SIG_DFL);
    Fiber fiber;
    fiber.set_work([&] { dive(fiber, static_cast<int>(Fiber::stack_size / 100)); });
    fiber.resume();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

}  // namespace
}  // namespace mailweir

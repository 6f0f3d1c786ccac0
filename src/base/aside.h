// SPDX-License-Identifier: BSD-2-Clause
// Aside: the work that a loop has set aside, and the guests that bring what it waits for. The loop's thread's alone.
// AsideWork: serving one connection, on a stack of its own.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/blocking_pool.h"
#include "base/fiber.h"
#include "base/waiting_loop.h"

namespace mailweir {

struct AsideWork {
  Fiber fiber;
  void* owner = nullptr;            // whose work it is
  std::array<char, 64 << 10> room;  // what was read: good until the work ends
  std::size_t size = 0;
  // While it waits:
  SteadyTime until{};
  bool due = false;
  std::size_t place = 0;  // among those that wait
};

class Aside final : public WaitingLoop {
 public:
  // `epoll`: the loop's; what it tells with a tag is ready()'s.
  Aside(int epoll, BlockingPool& pool);

  // nullptr: no memory.
  std::unique_ptr<AsideWork> take_spare();
  void give_spare(std::unique_ptr<AsideWork> work);

  // Lets the work go on until it ends or is set aside; then it is kept here, and nullptr comes back.
  std::unique_ptr<AsideWork> run(std::unique_ptr<AsideWork> work);
  // One that can go on now; nullptr: none.
  std::unique_ptr<AsideWork> next_due();
  // How long the loop may sleep, at most `most`.
  std::chrono::milliseconds patience(std::chrono::milliseconds most);

  LoopGuest* guest(std::uint64_t name) override;
  bool add_guest(std::uint64_t name, std::unique_ptr<LoopGuest> guest) override;
  void set_aside(Wait& wait, Deadline deadline) override;
  void wake(Wait& wait) override;
  std::shared_ptr<Waker> waker(Wait& wait) override;
  bool wait_for_socket(int fd, bool to_write, Deadline deadline) override;
  bool run_apart(const std::function<void()>& work, Deadline deadline) override {
    return pool_.run(*this, work, deadline);
  }

  static bool is_guest(std::uint64_t tag) { return (tag & 1) != 0; }
  void ready(std::uint64_t tag);
  // Lets all guests send.
  void flush();
  // Lets those go that are over. Not while events of theirs may still be at hand: they name what is freed here.
  void sweep();

 private:
  struct Guest {
    std::uint64_t name;
    std::unique_ptr<LoopGuest> guest;
    bool stuck = false;  // it waits for room to send
  };
  void find_late(SteadyTime now);

  const int epoll_;
  BlockingPool& pool_;
  AsideWork* current_ = nullptr;
  std::vector<std::unique_ptr<AsideWork>> spares_, waiting_;
  std::deque<AsideWork*> due_;
  SteadyTime next_late_ = SteadyTime::max();  // no time is over before
  std::vector<std::unique_ptr<Guest>> guests_;
  class WakeBox* wakes_ = nullptr;  // one of the guests
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// ScanFeed: what a message's session and the scanners' thread have in common: the bytes, that they have ended, and the
// answer. Neither waits for the other but in wait(). Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include "adapter/scan/held_bytes.h"
#include "base/awaited.h"
#include "port/scanner.h"

namespace mailweir {

class ScanFeed {
 public:
  ScanFeed(HeldRoom& room, std::uint64_t largest) : held_(room), largest_(largest) {}

  // The session's. True: the scanners' thread must be told, which has nothing to do at present.
  bool write(std::string_view bytes);
  bool end(SteadyTime now);
  bool break_off();
  const ScanAnswer* wait(Deadline deadline);

  // The thread's. What stands at this place, at most as much as there is room; `at_end`: that was the last. Nothing: it
  // stops until it is told; or the feed is over.
  struct Taken {
    std::size_t count = 0;
    bool at_end = false;
  };
  Taken take(std::uint64_t place, std::span<char> to, SteadyTime now);
  // Before this place all has been sent.
  void sent(std::uint64_t place);
  // Whether all of it is still here; start_again: and stays, as nothing has been sent yet to the server that is next.
  bool is_whole() const;
  bool start_again();
  std::optional<SteadyTime> ended() const;
  // Broken off, or answered.
  bool is_over() const;
  // Once; what comes later is nothing.
  void answer(ScanAnswer answer, SteadyTime now);

 private:
  void settle(ScanAnswer answer);
  void settle(ScanAnswer answer, SteadyTime now);

  mutable std::mutex mutex_;  // guards what follows
  HeldBytes held_;
  const std::uint64_t largest_;
  bool idle_ = false;  // the thread waits to be told
  std::optional<SteadyTime> ended_;
  bool broken_off_ = false;
  std::optional<ScanAnswer> answer_;
  Awaited answered_;
};

}  // namespace mailweir

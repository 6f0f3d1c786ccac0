// SPDX-License-Identifier: BSD-2-Clause
// TroubleLines: what goes wrong with each message while the counters are away, or full, would be a line a message. Of
// each event one line a second is written, and how many it stands for. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"

namespace mailweir {

class TroubleLines {
 public:
  enum class Of { limits_not_asked, give_back_failed, key_not_blocked, counters_full };
  static constexpr std::chrono::seconds between{1};

  // How many happened since the last line, this one among them, if a line is due; nothing: it is counted.
  std::optional<std::uint64_t> due(Of what, SteadyTime now) {
    return all_.with([&](All& all) -> std::optional<std::uint64_t> {
      One& one = all[static_cast<std::size_t>(what)];
      ++one.untold;
      if (now < one.next) return {};
      one.next = now + between;
      return std::exchange(one.untold, 0);
    });
  }
  // Writes the line, unless it is only counted. `count` in it: how many it stands for, if more than itself.
  void write(Of what, Event event, Log& log, SteadyTime now) {
    const auto count = due(what, now);
    if (!count) return;
    if (*count > 1) event.with("count", static_cast<std::int64_t>(*count));
    event.to(log, Severity::warning);
  }
  // Tells what was counted since the last lines, when their second is over. To be called now and then.
  void flush(Log& log, SteadyTime now) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto count = all_.with([&](All& all) { return now < all[i].next ? 0 : std::exchange(all[i].untold, 0); });
      if (count > 0)
        Event(names[i])
            .with("count", static_cast<std::int64_t>(count))
            .with("reason", "as in the line before")
            .to(log, Severity::warning);
    }
  }
  static constexpr std::string_view name(Of what) { return names[static_cast<std::size_t>(what)]; }

 private:
  static constexpr std::array<std::string_view, 4> names{"limits-not-asked", "give-back-failed", "key-not-blocked",
                                                         "counters-full"};
  struct One {
    SteadyTime next = SteadyTime::min();
    std::uint64_t untold = 0;
  };
  using All = std::array<One, names.size()>;
  Guarded<All> all_;
};

}  // namespace mailweir

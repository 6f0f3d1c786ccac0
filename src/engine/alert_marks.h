// SPDX-License-Identifier: BSD-2-Clause
// AlertMarks: what this node has seen marked of late as told, so that the store, which knows for all nodes, is not
// asked with every message of a key that stays over its limit. Thread-safe; bounded: what does not fit is asked again.
#pragma once

#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/guarded.h"

namespace mailweir {

class AlertMarks {
 public:
  static constexpr std::size_t most = 20'000;

  // Whether the caller shall ask the store: it was not asked since `now` - `span`.
  bool enter(const std::string& mark, SteadyTime now, std::chrono::nanoseconds span) {
    return ends_.with([&](auto& ends) {
      const auto found = ends.find(mark);
      if (found != ends.end() && found->second > now) return false;
      if (found == ends.end() && ends.size() >= most)
        std::erase_if(ends, [now](const auto& one) { return one.second <= now; });
      if (ends.size() < most) ends[mark] = now + span;
      return true;
    });
  }

 private:
  Guarded<std::unordered_map<std::string, SteadyTime>> ends_;
};

}  // namespace mailweir

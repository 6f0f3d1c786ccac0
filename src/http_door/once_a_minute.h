// SPDX-License-Identifier: BSD-2-Clause
// OnceAMinute: which log lines are due: of each key the first, then at most one a minute, with the number of those that
// were left out. A bound on keys: beyond it all share one.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"

namespace mailweir {

class OnceAMinute {
 public:
  explicit OnceAMinute(std::size_t most_keys = 1000) : most_keys_(most_keys) {}

  // How many lines of this key were left out since its last; nothing: leave this one out, too.
  std::optional<std::uint64_t> due(const std::string& key, SteadyTime now);

 private:
  struct Entry {
    SteadyTime last;
    std::uint64_t left_out = 0;
  };
  struct Board {
    std::unordered_map<std::string, Entry> entries;
    SteadyTime swept{};
  };
  const std::size_t most_keys_;
  Guarded<Board> board_;
};

}  // namespace mailweir

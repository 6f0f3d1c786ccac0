// SPDX-License-Identifier: BSD-2-Clause
#include "http_door/once_a_minute.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds pause{60};
constexpr std::chrono::seconds sweep_pause{1};

}  // namespace

std::optional<std::uint64_t> OnceAMinute::due(const std::string& key, SteadyTime now) {
  return board_.with([&](Board& board) -> std::optional<std::uint64_t> {
    auto found = board.entries.find(key);
    if (found == board.entries.end()) {
      // Under a flood of keys the table is looked through once a second only.
      if (board.entries.size() >= most_keys_ && now - board.swept >= sweep_pause) {
        board.swept = now;
        std::erase_if(board.entries, [&](const auto& entry) { return now - entry.second.last >= pause; });
      }
      const bool room = board.entries.size() < most_keys_;
      bool fresh = false;
      std::tie(found, fresh) = board.entries.try_emplace(room ? key : std::string(), Entry{now, 0});
      if (fresh) return 0;
    }
    Entry& entry = found->second;
    if (now - entry.last < pause) {
      ++entry.left_out;
      return {};
    }
    entry.last = now;
    return std::exchange(entry.left_out, 0);
  });
}

}  // namespace mailweir

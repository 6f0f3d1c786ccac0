// SPDX-License-Identifier: BSD-2-Clause
#include "app/reputation_view.h"

#include <algorithm>
#include <numeric>

#include "reputation/memory_file.h"

namespace mailweir {

std::shared_ptr<const Memory> ReputationView::last() const {
  return kept_.with([&](Kept& kept) {
    const auto stamp = file_stamp(path_);
    if (!stamp) {
      kept = {};
    } else if (!kept.settled || !(*stamp == kept.stamp)) {
      const auto read = read_memory(path_);
      const bool good = read && read->looked != WallTime();
      kept = {*stamp, has_settled(*stamp, clock_.wall()), good ? std::make_shared<const Memory>(*read) : nullptr};
    }
    return kept.memory;
  });
}

std::uint64_t listed_in(const Memory& memory) {
  return std::accumulate(memory.lists.begin(), memory.lists.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Memory::List& list) { return sum + list.listed; });
}

std::uint64_t blind_in(const Memory& memory) {
  return static_cast<std::uint64_t>(
      std::count_if(memory.lists.begin(), memory.lists.end(), [](const Memory::List& list) { return list.blind; }));
}

}  // namespace mailweir

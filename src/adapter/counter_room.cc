// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counter_room.h"

#include <algorithm>

namespace mailweir {

CounterRoom::Owner CounterRoom::owner(std::string_view limit) {
  return numbers_.with([&](auto& numbers) {
    auto found = numbers.find(limit);
    if (found == numbers.end()) {
      if (numbers.size() + 1 >= most_owners) return Owner{0};
      found = numbers.emplace(limit, static_cast<Owner>(numbers.size() + 1)).first;
    }
    return found->second;
  });
}

// Up to the last eighth; there up to a share of it, which is the same for all limits that hold any.
bool CounterRoom::admits(Owner owner, std::uint64_t fresh, std::uint64_t all) const {
  const std::uint64_t reserved = most_ / reserved_part;
  if (all + fresh <= most_ - reserved) return true;
  return all + fresh <= most_ && held(owner) + fresh <= reserved / std::max<std::uint64_t>(holding_, fewest_shares);
}

void CounterRoom::add(Owner owner, std::uint64_t counters) {
  if (counters > 0 && owners_[owner].held.fetch_add(counters) == 0) ++holding_;
}

void CounterRoom::remove(Owner owner, std::uint64_t counters) {
  if (counters > 0 && owners_[owner].held.fetch_sub(counters) == counters) --holding_;
}

}  // namespace mailweir

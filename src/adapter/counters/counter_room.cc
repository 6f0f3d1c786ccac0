// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/counter_room.h"

#include <algorithm>

namespace mailweir {

CounterRoom::Owner CounterRoom::owner(std::string_view limit, bool stranger) {
  return numbers_.with([&](auto& numbers) {
    auto found = numbers.find(limit);
    if (found == numbers.end()) {
      if (2 * (numbers.size() + 1) + 1 >= most_owners) return static_cast<Owner>(stranger);
      found = numbers.emplace(limit, static_cast<Owner>(2 * (numbers.size() + 1))).first;
    }
    return static_cast<Owner>(found->second + (stranger ? 1 : 0));
  });
}

// Up to the last eighth; there up to a share of it, which is the same for all limits that hold any.
bool CounterRoom::fits(std::uint64_t held, std::uint64_t fresh, std::uint64_t all, std::uint64_t most,
                       std::uint64_t limits) {
  const std::uint64_t reserved = most / reserved_part;
  if (all + fresh <= most - reserved) return true;
  return all + fresh <= most && held + fresh <= reserved / std::max(limits, fewest_shares);
}

bool CounterRoom::admits(Owner owner, std::uint64_t fresh, std::uint64_t all) const {
  const std::uint64_t here = held(owner);
  const Kind& strangers = kinds_[1];
  if (is_stranger(owner) && !fits(here, fresh, strangers.held, most_of_strangers(), strangers.limits)) return false;
  return fits(here, fresh, all, most_, kinds_[0].limits + strangers.limits);
}

void CounterRoom::add(Owner owner, std::uint64_t counters) {
  if (counters == 0) return;
  Kind& kind = kinds_[is_stranger(owner)];
  kind.held += counters;
  if (owners_[owner].held.fetch_add(counters) == 0) ++kind.limits;
}

void CounterRoom::remove(Owner owner, std::uint64_t counters) {
  if (counters == 0) return;
  Kind& kind = kinds_[is_stranger(owner)];
  kind.held -= counters;
  if (owners_[owner].held.fetch_sub(counters) == counters) --kind.limits;
}

}  // namespace mailweir

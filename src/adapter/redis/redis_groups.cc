// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_groups.h"

#include <algorithm>

namespace mailweir {

std::pair<std::ptrdiff_t, std::ptrdiff_t> windows_of(std::span<const Charge> charges, std::size_t place) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < place; ++i) first += charges[i].windows.size();
  return {static_cast<std::ptrdiff_t>(first), static_cast<std::ptrdiff_t>(first + charges[place].windows.size())};
}

Charged join_groups(std::span<const Charge> charges, const std::vector<Group>& groups,
                    const std::vector<Charged>& parts, bool taken) {
  Charged whole;
  whole.taken = taken;
  whole.levels.resize(charges.size());
  std::size_t windows = 0;
  for (const Charge& charge : charges) windows += charge.windows.size();
  whole.receipt.slots.resize(windows);
  whole.totals.resize(windows);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::ptrdiff_t from = 0;
    for (std::size_t j = 0; j < groups[i].places.size(); ++j) {
      const auto [first, last] = windows_of(charges, groups[i].places[j]);
      whole.levels[groups[i].places[j]] = parts[i].levels[j];
      std::copy_n(parts[i].receipt.slots.begin() + from, last - first, whole.receipt.slots.begin() + first);
      std::copy_n(parts[i].totals.begin() + from, last - first, whole.totals.begin() + first);
      from += last - first;
    }
  }
  return whole;
}

}  // namespace mailweir

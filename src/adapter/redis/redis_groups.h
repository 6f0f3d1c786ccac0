// SPDX-License-Identifier: BSD-2-Clause
// Group: the charges of a call that a cluster keeps in one slot; and how the answers of the groups become one.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "port/counter_store.h"

namespace mailweir {

// Some of a call's charges: their places among all, and the same charges beside each other. All keys have one slot.
struct Group {
  unsigned slot = 0;
  std::vector<std::size_t> places;
  std::vector<Charge> charges;
};

// Where the windows of a charge stand among those of all: [first, second).
std::pair<std::ptrdiff_t, std::ptrdiff_t> windows_of(std::span<const Charge> charges, std::size_t place);

// `parts` has the answer of each group.
Charged join_groups(std::span<const Charge> charges, const std::vector<Group>& groups,
                    const std::vector<Charged>& parts, bool taken);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// WindowState: what a store found in one window of a charge, and what follows from it. Both stores report states and
// share these rules, so that they give the same answers.
#pragma once

#include <cstdint>
#include <span>

#include "port/counter_store.h"

namespace mailweir {

struct WindowState {
  // Before this charge; a lease that the member holds already is not among it. Of a counter that has values: after it.
  std::uint64_t used = 0;
  std::int64_t wait = 0;  // milliseconds until this charge would fit; 0 when it does
};

// A limit's name and key together.
inline constexpr std::size_t longest_counter_name = 4096;
inline constexpr std::chrono::seconds longest_period{std::chrono::hours(24) * 3660};

// The slot that a receipt has for what was not counted.
inline constexpr std::int64_t not_counted = -1;

// What a charge counts: its amount up to ring::most_count; a lease counts one.
std::uint64_t units_of(const Charge& charge);
bool is_over(const Charge& charge, const Window& window, const WindowState& state);
// Whether a charge of a counter that has values made it count more, by its slot in the receipt.
bool has_added(const Charge& charge, std::int64_t slot);
// Makes the state of a counter that has values that after the charge. A distinct counter has no more than its max + 1.
void note_added(const Charge& charge, const Window& window, std::int64_t slot, WindowState& state);
// What a window counts after the charge.
std::uint64_t total_of(const Charge& charge, const WindowState& state, bool counted);
// `states` has one for each window. `counted`: the store counted this charge.
Level level_of(const Charge& charge, std::span<const WindowState> states, bool counted);

// Whether a store can count these: windows that fit their kind, names of bounded length, a member for a lease.
Result<void> check_charges(std::span<const Charge> charges);
// Whether a store can keep it: a name of bounded length, a time from a millisecond to ten years.
Result<void> check_block(const Block& block);
Result<void> check_leases(std::span<const Charge> leases);  // the same, and that all are leases
// Whether the receipt has a slot for each window of the charges.
Result<void> check_receipt(std::span<const Charge> charges, const Receipt& receipt);

}  // namespace mailweir

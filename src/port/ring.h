// SPDX-License-Identifier: BSD-2-Clause
// The arithmetic of a ring counter, the one place where it stands in C++ (adapter/redis/redis_script.cc says it in
// Lua).
//
// Time is cut into slots of a 30th of the period. What is counted at time t is the slot of t, as far as it has come,
// and the 30 whole slots before it: 31 cells. Those begin at t - period or earlier, so the sum is never less than what
// any period that ends at t holds, and a limit kept against the sum is kept in every period. A unit taken in slot s
// leaves when slot s + 31 begins, that is after more than one period and at most 31/30 of it.
//
// A clock that goes back stays at the head (units then come back that much later, a period at most). A head that is
// more than the whole ring ahead of the clock is stale, whichever was wrong: all that is counted is then taken as
// counted now, also where a charge only looks at it. So it leaves a period later, and by real time never before a
// period is over.
//
// Times are milliseconds since the epoch; periods are milliseconds, whole seconds of them. No state of its own.
#pragma once

#include <algorithm>
#include <cstdint>

#include "port/counter_store.h"

namespace mailweir::ring {

inline constexpr std::int64_t cells = ring_slots + 1;
// No sum goes beyond it: Redis computes in doubles, which are exact up to here.
inline constexpr std::uint64_t most_count = (std::uint64_t{1} << 53) - 1;

constexpr std::int64_t slot_at(std::int64_t now, std::int64_t period) {
  return std::max<std::int64_t>(now, 0) * ring_slots / period;
}
// The first millisecond of a slot.
constexpr std::int64_t begin_of(std::int64_t slot, std::int64_t period) {
  return (slot * period + ring_slots - 1) / ring_slots;
}
// The millisecond at which what was counted in a slot is counted no more.
constexpr std::int64_t gone_at(std::int64_t slot, std::int64_t period) { return begin_of(slot + cells, period); }
constexpr std::size_t cell_of(std::int64_t slot) { return static_cast<std::size_t>(slot % cells); }

struct State {
  std::int64_t head = 0;    // the newest slot that was counted in
  std::uint64_t total = 0;  // the sum of all cells
};

// Whether the head is so far ahead of `slot` that the clock must have been wrong.
constexpr bool is_astray(const State& state, std::int64_t slot) { return state.head - slot >= cells; }

// Moves the head to `slot`; what leaves the ring is subtracted. `Cells` is anything with get(i) and set(i, count).
template <typename Cells>
void advance(State& state, Cells& ring, std::int64_t slot) {
  if (is_astray(state, slot)) {
    for (std::size_t i = 0; i < cells; ++i) ring.set(i, 0);
    ring.set(cell_of(slot), state.total);
    state.head = slot;
    return;
  }
  if (slot <= state.head) return;
  const std::int64_t newest_gone = std::min(slot - cells, state.head);
  for (std::int64_t gone = state.head - ring_slots; gone <= newest_gone; ++gone) {
    if (gone < 0) continue;
    state.total -= ring.get(cell_of(gone));
    ring.set(cell_of(gone), 0);
  }
  state.head = slot;
}

// What may still be added of `units` before the sum is at its bound.
constexpr std::uint64_t addable(const State& state, std::uint64_t units) {
  return std::min(units, most_count - state.total);
}

// Takes back up to `units` of what was counted in `slot`; nothing when it has left the ring.
template <typename Cells>
void take_back(State& state, Cells& ring, std::int64_t slot, std::uint64_t units) {
  if (slot < 0 || slot > state.head || state.head - slot >= cells) return;
  const std::uint64_t had = ring.get(cell_of(slot));
  const std::uint64_t taken = std::min(units, had);
  ring.set(cell_of(slot), had - taken);
  state.total -= taken;
}

// Takes away `units` of what would leave first.
template <typename Cells>
void drop_oldest(State& state, Cells& ring, std::uint64_t units) {
  for (std::int64_t old = std::max<std::int64_t>(state.head - ring_slots, 0); old <= state.head && units > 0; ++old) {
    const std::uint64_t before = state.total;
    take_back(state, ring, old, units);
    units -= before - state.total;
  }
}

// What is counted at `slot`. Only what counts moves the head, so that a store may answer without writing; but a head
// that is astray is moved by the first look, or a full counter would stay full until the clock is there again.
template <typename Cells>
std::uint64_t total_at(const State& state, const Cells& ring, std::int64_t slot) {
  if (is_astray(state, slot)) return state.total;
  std::uint64_t gone = 0;
  const std::int64_t newest_gone = std::min(slot - cells, state.head);
  for (std::int64_t old = std::max<std::int64_t>(state.head - ring_slots, 0); old <= newest_gone; ++old)
    gone += ring.get(cell_of(old));
  return state.total - gone;
}

// When `units` of what is counted at `slot` will have left, if nothing is added; units that are not there leave last.
template <typename Cells>
std::int64_t left_at(const State& state, const Cells& ring, std::int64_t slot, std::uint64_t units,
                     std::int64_t period) {
  if (is_astray(state, slot)) return gone_at(slot, period);
  const std::int64_t last = std::max(slot, state.head);
  std::uint64_t sum = 0;
  for (std::int64_t old = std::max<std::int64_t>(last - ring_slots, 0); old <= state.head; ++old) {
    sum += ring.get(cell_of(old));
    if (sum >= units) return gone_at(old, period);
  }
  return gone_at(last, period);
}

}  // namespace mailweir::ring

// SPDX-License-Identifier: BSD-2-Clause
#include "port/window_state.h"

#include <algorithm>

#include "base/text.h"
#include "port/ring.h"

namespace mailweir {
namespace {

// How full a window is with this charge: 1 is at its max.
double fullness(const Window& window, std::uint64_t count) {
  return window.max == 0 ? 1.0 : static_cast<double>(count) / static_cast<double>(window.max);
}

// Whether window `a` says more of a charge that is over than `b`: what never fits, then what is waited for longer.
bool says_more(std::uint64_t units, const Window& a, std::int64_t wait_a, const Window& b, std::int64_t wait_b) {
  const bool never_a = units > a.max, never_b = units > b.max;
  return never_a != never_b ? never_a : wait_a > wait_b;
}

}  // namespace

std::uint64_t units_of(const Charge& charge) {
  return std::min(charge.amount, charge.kind == CountKind::ring ? ring::most_count : std::uint64_t{1});
}

// Where values are counted the store has found out whether the charge fits: only it knows which are there already.
bool is_over(const Charge& charge, const Window& window, const WindowState& state) {
  return has_values(charge.kind) ? state.wait > 0 : state.used + units_of(charge) > window.max;
}

bool has_added(const Charge& charge, std::int64_t slot) {
  return charge.kind == CountKind::distinct ? slot > 0 : charge.kind == CountKind::first_seen && slot != not_counted;
}

void note_added(const Charge& charge, const Window& window, std::int64_t slot, WindowState& state) {
  if (!has_added(charge, slot)) return;
  ++state.used;
  if (charge.kind == CountKind::distinct) state.used = std::min(state.used, window.max + 1);
}

std::uint64_t total_of(const Charge& charge, const WindowState& state, bool counted) {
  if (has_values(charge.kind)) return state.used;
  return std::min(state.used + (counted ? units_of(charge) : 0), ring::most_count);
}

Level level_of(const Charge& charge, std::span<const WindowState> states, bool counted) {
  Level level;
  if (states.empty()) return level;
  const std::uint64_t units = units_of(charge);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Window &here = charge.windows[i], &best = charge.windows[level.window];
    const bool over = is_over(charge, here, states[i]);
    level.never_fits = level.never_fits || (over && units > here.max);
    const bool fuller =
        over == level.over && (over ? says_more(units, here, states[i].wait, best, states[level.window].wait)
                                    : fullness(here, states[i].used) > fullness(best, states[level.window].used));
    if ((over && !level.over) || fuller) level.window = i;
    level.over = level.over || over;
  }
  const WindowState& state = states[level.window];
  level.count = total_of(charge, state, counted);
  if (level.over && !level.never_fits) level.retry_after = std::chrono::milliseconds(state.wait);
  return level;
}

Result<void> check_charges(std::span<const Charge> charges) {
  for (const Charge& charge : charges) {
    const auto wrong = [&charge](std::string_view why) {
      return Error{"counter of limit \"" + cleaned(charge.limit, true, 100) + "\": " + std::string(why)};
    };
    if (charge.limit.size() + charge.key.size() > longest_counter_name)
      return wrong("its name and key have more than " + std::to_string(longest_counter_name) + " bytes");
    if (charge.kind == CountKind::block) {
      if (charge.windows.size() != 1 || charge.windows[0] != Window{} || charge.amount != 0)
        return wrong("a block is asked about, and counts nothing");
      continue;
    }
    if (charge.kind == CountKind::lease) {
      if (charge.windows.size() > 1 || (charge.windows.size() == 1 && charge.windows[0].period.count() != 0))
        return wrong("what is open now has one maximum and no period");
      if (charge.member.empty() || charge.member.size() > longest_counter_name)
        return wrong("a lease needs an id of 1 to " + std::to_string(longest_counter_name) + " bytes");
      continue;
    }
    if (has_values(charge.kind) && (charge.member.empty() || charge.member.size() > longest_value))
      return wrong("a value needs 1 to " + std::to_string(longest_value) + " bytes");
    for (const Window& window : charge.windows) {
      if (charge.kind == CountKind::distinct && window.max > most_distinct)
        return wrong("no more than " + std::to_string(most_distinct) + " different values can be counted");
      if (window.period < std::chrono::seconds(1) || window.period > longest_period)
        return wrong("a period must be between one second and ten years");
    }
  }
  return {};
}

Result<void> check_block(const Block& block) {
  const auto wrong = [&block](std::string_view why) {
    return Error{"block of limit \"" + cleaned(block.limit, true, 100) + "\": " + std::string(why)};
  };
  if (block.limit.size() + block.key.size() > longest_counter_name)
    return wrong("its name and key have more than " + std::to_string(longest_counter_name) + " bytes");
  if (block.rule.size() > longest_block_reason || block.reason.size() > longest_block_reason)
    return wrong("its rule or reason has more than " + std::to_string(longest_block_reason) + " bytes");
  if (block.left <= std::chrono::milliseconds(0) || block.left > longest_period)
    return wrong("it must last between a millisecond and ten years");
  return {};
}

Result<void> check_leases(std::span<const Charge> leases) {
  for (const Charge& lease : leases) {
    if (lease.kind != CountKind::lease) return Error{"counters: only a lease can be renewed"};
  }
  return check_charges(leases);
}

Result<void> check_receipt(std::span<const Charge> charges, const Receipt& receipt) {
  std::size_t windows = 0;
  for (const Charge& charge : charges) windows += charge.windows.size();
  if (windows != receipt.slots.size())
    return Error{"counters: a receipt is of other charges than those to be given back"};
  return check_charges(charges);
}

}  // namespace mailweir

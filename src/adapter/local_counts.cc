// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/local_counts.h"

#include <algorithm>

#include "port/ring.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::size_t most_values = most_distinct + 1;  // of a counter, remembered

// Calls `use(charge, window, slot number, its place in the receipt)` for each window that was counted, but of leases.
template <typename Use>
void for_each_counted(std::span<const Charge> charges, const Receipt& receipt, Use use) {
  std::size_t at = 0;
  for (const Charge& charge : charges) {
    for (const Window& window : charge.windows) {
      const std::size_t here = at++;
      if (here >= receipt.slots.size() || !(is_ring(charge.kind) || has_values(charge.kind)) || receipt.slots[here] == not_counted) continue;
      use(charge, window, receipt.slots[here], here);
    }
  }
}

}  // namespace

void LocalCounts::add_values(Counter& counter, const Charge& charge, const Window& window, std::int64_t now) {
  const bool distinct = charge.kind == CountKind::distinct;
  const std::pair place(distinct ? std::int64_t{window.period.count()} : 0, charge.member);
  if (counter.values.size() >= most_values && !counter.values.contains(place)) return;
  counter.values[place] = {now, distinct ? window.max + 1 : most_remembered};
}

void LocalCounts::add(std::span<const Charge> charges, const Receipt& receipt, std::int64_t now) {
  counters_.with([&](Counters& counters) {
    for_each_counted(charges, receipt, [&](const Charge& charge, const Window& window, std::int64_t slot, std::size_t) {
      const std::string name = name_of(charge.limit, charge.key);
      auto found = counters.find(name);
      if (found == counters.end()) {
        if (counters.size() >= most_counters_) {
          lost_ += units_of(charge);
          return;
        }
        found = counters.emplace(name, Counter{charge.limit, charge.key, {}, {}}).first;
      }
      if (has_values(charge.kind)) add_values(found->second, charge, window, now);
      if (charge.kind == CountKind::distinct) return;
      found->second.units[{window.period.count(), slot}] += units_of(charge);
    });
  });
}

std::optional<Receipt> LocalCounts::take_back(std::span<const Charge> charges, const Receipt& receipt) {
  Receipt rest = receipt;
  bool any_left = false;
  counters_.with([&](Counters& counters) {
    for_each_counted(charges, receipt, [&](const Charge& charge, const Window& window, std::int64_t slot, std::size_t at) {
      const auto found = counters.find(name_of(charge.limit, charge.key));
      if (found == counters.end()) {
        any_left = true;
        return;
      }
      auto& units = found->second.units;
      auto& values = found->second.values;
      if (charge.kind == CountKind::distinct) {
        const auto seen = values.find({window.period.count(), charge.member});
        if (slot == 0 || seen == values.end() || seen->second.at != slot) {  // refreshed, or gone over: it stays
          any_left = any_left || seen == values.end();
          return;
        }
        rest.slots[at] = not_counted;
        values.erase(seen);
        if (units.empty() && values.empty()) counters.erase(found);
        return;
      }
      if (charge.kind == CountKind::first_seen) values.erase({0, charge.member});
      const auto here = units.find({window.period.count(), slot});
      if (here == units.end() || here->second < units_of(charge)) {
        any_left = true;
        return;
      }
      rest.slots[at] = not_counted;
      if ((here->second -= units_of(charge)) == 0) units.erase(here);
      if (units.empty() && values.empty()) counters.erase(found);
    });
  });
  if (!any_left) return std::nullopt;
  return rest;
}

std::uint64_t LocalCounts::counted_here(const Charge& charge, const Window& window, std::int64_t now) const {
  return counters_.with([&](const Counters& counters) {
    std::uint64_t sum = 0;
    const auto found = counters.find(name_of(charge.limit, charge.key));
    if (found == counters.end()) return sum;
    const std::int64_t period = window.period.count(), newest = ring::slot_at(now, period * 1000);
    for (auto at = found->second.units.lower_bound({period, newest - ring_slots}); at != found->second.units.end(); ++at) {
      if (at->first.first != period) break;
      sum += at->second;
    }
    return sum;
  });
}

std::optional<CountedElsewhere> LocalCounts::pop(std::int64_t now) {
  return counters_.with([&](Counters& counters) -> std::optional<CountedElsewhere> {
    if (counters.empty()) return std::nullopt;
    const auto first = counters.begin();
    CountedElsewhere counted{first->second.limit, first->second.key, {}, {}};
    for (const auto& [place, seen] : first->second.values)
      counted.values.push_back({std::chrono::seconds(place.first), std::chrono::milliseconds(std::max<std::int64_t>(now - seen.at, 0)), seen.keep, place.second});
    for (const auto& [place, units] : first->second.units) {
      const std::int64_t period = place.first * 1000;
      // The last moment of the slot: it may leave a little late, never early.
      const std::int64_t last = std::min(ring::begin_of(place.second + 1, period) - 1, now);
      counted.parts.push_back({std::chrono::seconds(place.first), std::chrono::milliseconds(now - last), units});
    }
    counters.erase(first);
    return counted;
  });
}

std::size_t LocalCounts::counters() const {
  return counters_.with([](const Counters& counters) { return counters.size(); });
}

}  // namespace mailweir

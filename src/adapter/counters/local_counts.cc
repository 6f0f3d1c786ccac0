// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/local_counts.h"

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
      if (here >= receipt.slots.size() || !(is_ring(charge.kind) || has_values(charge.kind)) ||
          receipt.slots[here] == not_counted)
        continue;
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
  all_.with([&](All& all) {
    Counters& counters = all.counters;
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
    note_size(all);
  });
}

Receipt LocalCounts::take_back(std::span<const Charge> charges, const Receipt& receipt) {
  Receipt rest = receipt;
  if (size_ == 0) return rest;
  all_.with([&](All& all) {
    Counters& counters = all.counters;
    for_each_counted(charges, receipt,
                     [&](const Charge& charge, const Window& window, std::int64_t slot, std::size_t at) {
                       const auto found = counters.find(name_of(charge.limit, charge.key));
                       if (found == counters.end()) return;
                       auto& units = found->second.units;
                       auto& values = found->second.values;
                       if (charge.kind == CountKind::distinct) {
                         const auto seen = values.find({window.period.count(), charge.member});
                         if (seen == values.end()) return;
                         if (slot == 0 || seen->second.at != slot) {  // refreshed: it stays
                           rest.slots[at] = not_counted;
                           return;
                         }
                         rest.slots[at] = not_counted;
                         values.erase(seen);
                         if (units.empty() && values.empty()) counters.erase(found);
                         return;
                       }
                       if (charge.kind == CountKind::first_seen) values.erase({0, charge.member});
                       const auto here = units.find({window.period.count(), slot});
                       if (here == units.end() || here->second < units_of(charge)) return;
                       rest.slots[at] = not_counted;
                       if ((here->second -= units_of(charge)) == 0) units.erase(here);
                       if (units.empty() && values.empty()) counters.erase(found);
                     });
    note_size(all);
  });
  return rest;
}

void LocalCounts::forget(std::string_view limit, std::string_view key) {
  all_.with([&](All& all) {
    all.counters.erase(name_of(std::string(limit), std::string(key)));
    if (all.adding && all.adding->limit == limit && all.adding->key == key) {
      all.adding->units.clear();
      all.adding->values.clear();
    }
    note_size(all);
  });
}

void LocalCounts::clear() {
  all_.with([&](All& all) {
    all.counters.clear();
    all.adding.reset();
    note_size(all);
  });
}

std::uint64_t LocalCounts::sum(const Counter& counter, std::int64_t period, std::int64_t newest) {
  std::uint64_t sum = 0;
  for (auto at = counter.units.lower_bound({period, newest - ring_slots});
       at != counter.units.end() && at->first.first == period; ++at)
    sum += at->second;
  return sum;
}

std::uint64_t LocalCounts::counted_here(const Charge& charge, const Window& window, std::int64_t now) const {
  if (size_ == 0) return 0;
  const std::int64_t period = window.period.count(), newest = ring::slot_at(now, period * 1000);
  return all_.with([&](const All& all) {
    const auto found = all.counters.find(name_of(charge.limit, charge.key));
    const bool adding = all.adding && all.adding->limit == charge.limit && all.adding->key == charge.key;
    return (found == all.counters.end() ? 0 : sum(found->second, period, newest)) +
           (adding ? sum(*all.adding, period, newest) : 0);
  });
}

std::optional<LocalCounts::Next> LocalCounts::next(std::int64_t now) {
  return all_.with([&](All& all) -> std::optional<Next> {
    if (!all.adding) {
      if (all.counters.empty()) return std::nullopt;
      const auto first = all.counters.begin();
      all.adding = std::move(first->second);
      all.counters.erase(first);
      ++all.number;
    }
    Next next{all.number, {all.adding->limit, all.adding->key, {}, {}}};
    for (const auto& [place, seen] : all.adding->values)
      next.counted.values.push_back({std::chrono::seconds(place.first),
                                     std::chrono::milliseconds(std::max<std::int64_t>(now - seen.at, 0)), seen.keep,
                                     place.second});
    for (const auto& [place, units] : all.adding->units) {
      const std::int64_t period = place.first * 1000;
      // The last moment of the slot: it may leave a little late, never early.
      const std::int64_t last = std::min(ring::begin_of(place.second + 1, period) - 1, now);
      next.counted.parts.push_back({std::chrono::seconds(place.first), std::chrono::milliseconds(now - last), units});
    }
    return next;
  });
}

void LocalCounts::added() {
  all_.with([&](All& all) {
    all.adding.reset();
    note_size(all);
  });
}

std::uint64_t LocalCounts::units() const {
  return all_.with([](const All& all) {
    std::uint64_t whole = 0;
    const auto add = [&whole](const Counter& counter) {
      std::map<std::int64_t, std::uint64_t> by_period;
      std::uint64_t most = 0;
      for (const auto& [place, units] : counter.units) most = std::max(most, by_period[place.first] += units);
      whole += most;
    };
    for (const auto& [name, counter] : all.counters) add(counter);
    if (all.adding) add(*all.adding);
    return whole;
  });
}

}  // namespace mailweir

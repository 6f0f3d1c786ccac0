// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/local_share.h"

#include <algorithm>

#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds longest_wait = std::chrono::minutes(5);  // that is told to who is over a share

// A limit at `share` of what is left of it: `known` is counted by others or from before, and stays counted. Rounded
// down, or else N nodes would each take the last unit; but a node may take one of a key that is not known to be used,
// or small limits would let nothing through.
std::uint64_t shared_out(std::uint64_t max, std::uint64_t total, std::uint64_t counted_here, double share) {
  const std::uint64_t known = total - std::min(total, counted_here);
  if (known >= max) return max;
  const auto part = static_cast<std::uint64_t>(static_cast<double>(max - known) * share);
  return known + std::max<std::uint64_t>(part, known == 0 ? 1 : 0);
}

}  // namespace

void correct_never_fits(const Charge& charge, Level& level) {
  if (!level.never_fits) return;
  level.never_fits = std::any_of(charge.windows.begin(), charge.windows.end(),
                                 [units = units_of(charge)](const Window& window) { return units > window.max; });
  if (!level.never_fits && !charge.windows.empty())
    level.retry_after = charge.windows[level.window].period / ring_slots;
}

Result<Charged> charge_beside(CounterStore& store, std::span<const Charge> charges,
                              const std::vector<std::uint64_t>& elsewhere, Deadline deadline) {
  std::vector<Charge> parts(charges.begin(), charges.end());
  std::size_t at = 0;
  for (Charge& part : parts)
    for (Window& window : part.windows) window.max -= std::min(window.max, elsewhere[at++]);
  auto charged = store.charge(parts, deadline);
  at = 0;
  for (std::size_t i = 0; charged && i < parts.size(); at += parts[i++].windows.size()) {
    for (std::size_t window = 0; window < parts[i].windows.size(); ++window)
      charged->totals[at + window] += elsewhere[at + window];
    if (!parts[i].windows.empty()) charged->levels[i].count += elsewhere[at + charged->levels[i].window];
    correct_never_fits(charges[i], charged->levels[i]);
  }
  return charged;
}

void keep_known(CounterStore& local, std::span<const Charge> charges, Charged& heard, Deadline deadline) {
  std::vector<Charge> questions(charges.begin(), charges.end());
  for (Charge& question : questions) question.amount = 0;
  const auto here = local.charge(questions, deadline);
  for (std::size_t i = 0; here && i < heard.totals.size(); ++i)
    heard.totals[i] = std::max(heard.totals[i], here->totals[i]);
}

void LocalShare::narrow(const Charge& charge, Charge& part, const std::uint64_t* totals, std::uint64_t under_way,
                        std::int64_t now) const {
  for (std::size_t i = 0; i < part.windows.size(); ++i) {
    std::uint64_t& max = part.windows[i].max;
    if (is_ring(charge.kind) && share_ < 1)
      max = shared_out(max, totals[i], spent_.counted_here(charge, charge.windows[i], now), share_);
    else if (charge.kind == CountKind::lease) max = leases_.most_here(charge, max, share_, now);
    else if (!is_ring(charge.kind)) continue;
    max -= std::min(max, under_way);
  }
}

void LocalShare::mark(const Charge& charge, const Charge& part, const std::uint64_t* totals, std::int64_t now,
                      Level& level) const {
  if (!level.over || !(is_ring(charge.kind) || charge.kind == CountKind::lease)) return;
  const std::uint64_t others = charge.kind == CountKind::lease ? leases_.others(charge, now) : 0;
  bool reached = false;
  for (std::size_t i = 0; i < charge.windows.size(); ++i)
    reached = reached || totals[i] + others + units_of(charge) > charge.windows[i].max;
  correct_never_fits(charge, level);
  if (reached) return;
  level.share = part.windows[level.window].max;
  level.retry_after = std::min(level.retry_after, longest_wait);
}

Result<Charged> LocalShare::charge(std::span<const Charge> charges, const KeyStripes::Call& call, std::int64_t now,
                                   Deadline deadline) {
  bool narrows = share_ < 1;
  for (std::size_t i = 0; i < charges.size(); ++i)
    narrows = narrows || charges[i].kind == CountKind::lease || call.under_way(i) > 0;
  if (!narrows) return local_.charge(charges, deadline);
  std::vector<Charge> parts(charges.begin(), charges.end());
  for (Charge& part : parts) part.amount = 0;
  const auto asked = local_.charge(parts, deadline);
  if (!asked) return asked.error();
  const std::uint64_t* totals = asked->totals.data();
  for (std::size_t i = 0; i < parts.size(); totals += parts[i++].windows.size()) {
    parts[i].amount = charges[i].amount;
    narrow(charges[i], parts[i], totals, call.under_way(i), now);
  }
  auto charged = local_.charge(parts, deadline);
  totals = asked->totals.data();
  for (std::size_t i = 0; charged && i < parts.size(); totals += parts[i++].windows.size())
    mark(charges[i], parts[i], totals, now, charged->levels[i]);
  return charged;
}

}  // namespace mailweir

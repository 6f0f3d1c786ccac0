// SPDX-License-Identifier: BSD-2-Clause
#include "engine/ledger.h"

#include <algorithm>

namespace mailweir {
namespace {

// A rcpt of many is charged as the one before it was: so far back an equal charge is looked for.
constexpr std::size_t looked_back = 64;

std::span<const std::int64_t> slots_of(const Receipt& receipt, std::size_t first, const Charge& charge) {
  const std::size_t begin = std::min(first, receipt.slots.size());
  return std::span(receipt.slots).subspan(begin, std::min(charge.windows.size(), receipt.slots.size() - begin));
}

}  // namespace

bool Ledger::Taken::joins(const Charge& other, std::span<const std::int64_t> other_slots,
                          std::uint8_t other_store) const {
  return charge.kind == CountKind::ring && other.kind == CountKind::ring && store == other_store &&
         charge.limit == other.limit && charge.key == other.key && charge.windows == other.windows &&
         std::equal(slots.begin(), slots.end(), other_slots.begin(), other_slots.end());
}

void Ledger::use(std::chrono::milliseconds deadline) {
  each_ = deadline;
  left_ = std::min<std::chrono::nanoseconds>(left_, each_ * calls_of_a_callback);
}

template <typename Call>
auto Ledger::in_time(Call&& call) -> decltype(call(Deadline())) {
  if (left_.count() <= 0) {
    ++services_.stats.counter_errors;
    return Error{"the time that the counters may take in one step is used up", true};
  }
  const auto start = services_.clock.steady();
  auto result = call(Deadline::in(std::min(each_, left_)));
  left_ -= services_.clock.steady() - start;
  if (!result) ++services_.stats.counter_errors;
  return result;
}

Result<Charged> Ledger::charge(std::span<const Charge> charges) {
  return in_time([&](Deadline deadline) { return services_.counters.charge(charges, deadline); });
}

void Ledger::not_asked(std::string_view id, const Error& error) {
  services_.trouble_lines->write(TroubleLines::Of::limits_not_asked,
                                 Event("limits-not-asked").with("id", id).with("reason", error.what), services_.log,
                                 services_.clock.steady());
}

void Ledger::no_room(std::string_view id, std::string_view rule, const Charge& charge) {
  ++services_.stats.uncounted;
  services_.trouble_lines->write(
      TroubleLines::Of::counters_full,
      Event("counters-full")
          .with("id", id)
          .with("rule", rule)
          .with("key", charge.key)
          .with("reason", "the counters in memory have no room for new keys of this limit: they are not counted"),
      services_.log, services_.clock.steady());
}

Result<bool> Ledger::block(const Block& block) {
  return in_time([&](Deadline deadline) { return services_.counters.block(block, false, deadline); });
}

void Ledger::keep(std::span<const Charge> charges, const Receipt& receipt) {
  std::size_t first = 0;
  for (const Charge& charge : charges) {
    const auto slots = slots_of(receipt, first, charge);
    first += charge.windows.size();
    if (charge.attempts || charge.kind == CountKind::block || charge.amount == 0 ||
        slots.size() != charge.windows.size())
      continue;
    const std::size_t far = std::min(looked_back, taken_.size());
    const auto same = std::find_if(taken_.rbegin(), taken_.rbegin() + static_cast<std::ptrdiff_t>(far),
                                   [&](const Taken& one) { return one.joins(charge, slots, receipt.store); });
    if (same != taken_.rbegin() + static_cast<std::ptrdiff_t>(far)) same->charge.amount += charge.amount;
    else taken_.push_back({charge, {slots.begin(), slots.end()}, receipt.store});
  }
}

void Ledger::keep_places(std::span<const Charge> charges, const Receipt& receipt) {
  std::size_t first = 0;
  for (const Charge& charge : charges) {
    const auto slots = slots_of(receipt, first, charge);
    first += charge.windows.size();
    if (charge.kind != CountKind::lease || slots.size() != charge.windows.size()) continue;
    services_.leases.hold(charge);
    places_.push_back({charge, {slots.begin(), slots.end()}, receipt.store});
  }
}

void Ledger::refund(std::string_view id) {
  std::optional<Error> trouble;
  std::stable_sort(taken_.begin(), taken_.end(), [](const Taken& a, const Taken& b) { return a.store < b.store; });
  for (auto next = taken_.begin(); next != taken_.end();) {
    std::vector<Charge> charges;
    Receipt receipt;
    receipt.store = next->store;
    for (; next != taken_.end() && next->store == receipt.store && charges.size() < charges_of_a_call; ++next) {
      receipt.slots.insert(receipt.slots.end(), next->slots.begin(), next->slots.end());
      charges.push_back(std::move(next->charge));
    }
    auto given = in_time([&](Deadline deadline) { return services_.counters.give_back(charges, receipt, deadline); });
    if (!given && !trouble) trouble = std::move(given.error());
  }
  taken_.clear();
  if (trouble)
    services_.trouble_lines->write(TroubleLines::Of::give_back_failed,
                                   Event("give-back-failed").with("id", id).with("reason", trouble->what),
                                   services_.log, services_.clock.steady());
}

void Ledger::release() {
  for (const Taken& place : places_) {
    Receipt receipt;
    receipt.slots = place.slots;
    receipt.store = place.store;
    static_cast<void>(in_time([&](Deadline deadline) -> Result<void> {
      services_.leases.release(place.charge, receipt, deadline);
      return {};
    }));
  }
  places_.clear();
}

}  // namespace mailweir

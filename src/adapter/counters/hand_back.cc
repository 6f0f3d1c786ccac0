// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/hand_back.h"

#include <algorithm>

#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::size_t leases_in_a_call = 200;

bool is_away(const Result<void>& result) { return !result && result.error().temporary; }

}  // namespace

Receipt repeatable(std::span<const Charge> charges, Receipt receipt) {
  std::size_t at = 0;
  for (const Charge& charge : charges)
    for (std::size_t i = 0; i < charge.windows.size() && at < receipt.slots.size(); ++i, ++at)
      if (charge.kind != CountKind::lease && charge.kind != CountKind::distinct) receipt.slots[at] = not_counted;
  return receipt;
}

bool is_empty(const Receipt& receipt) {
  return std::all_of(receipt.slots.begin(), receipt.slots.end(), [](std::int64_t slot) { return slot == not_counted; });
}

Result<void> HandBack::run(std::chrono::milliseconds patience, bool was_away, const GoOn& between) {
  if (auto said = say_deeds(patience, between); !said) return said;
  if (auto said = say_counts(patience, between); !said) return said;
  if (auto said = say_leases(patience, was_away, between); !said) return said;
  return say_refunds(patience, between);
}

// Asking again for one that may be there already does no harm.
Result<void> HandBack::say_deeds(std::chrono::milliseconds patience, const GoOn& between) {
  while (const auto deed = deeds.next(now_())) {
    const Block& block = deed->block;
    const Deadline deadline = Deadline::in(patience);
    Result<void> said;
    const auto note = [&said](const auto& result) {
      if (!result) said = result.error();
    };
    switch (deed->what) {
      case WaitingDeeds::What::block: note(shared_.block(block, deed->replace, deadline)); break;
      case WaitingDeeds::What::unblock: note(shared_.unblock(block.limit, block.key, deadline)); break;
      case WaitingDeeds::What::reset:
        note(shared_.reset(block.limit, block.key, Deadline::in(std::chrono::seconds(30))));
        break;
    }
    if (is_away(said)) return said;
    deeds.done(*deed);
    if (!between()) return {};
  }
  return {};
}

// One that failed may have been added: it is tried again as it was, under the same name.
Result<void> HandBack::say_counts(std::chrono::milliseconds patience, const GoOn& between) {
  for (std::size_t most = 3 * counts.counters() + 1; most > 0; --most) {
    const auto next = counts.next(now_());
    if (!next) return {};
    const auto merged = shared_.merge(node_ + std::to_string(next->number), next->counted, Deadline::in(patience));
    if (is_away(merged)) return merged;
    counts.added();
    ++added_;
    if (!between()) return {};
  }
  return {};
}

Result<void> HandBack::say_leases(std::chrono::milliseconds patience, bool was_away, const GoOn& between) {
  const std::vector<Charge> all = leases.hand_over(was_away);
  for (std::size_t i = 0; i < all.size(); i += leases_in_a_call) {
    const auto part = std::span(all).subspan(i, std::min(leases_in_a_call, all.size() - i));
    const auto renewed = shared_.renew(part, Deadline::in(patience));
    if (is_away(renewed)) return renewed;
    for (const Charge& lease : part) {
      if (leases.renewed(lease, static_cast<bool>(renewed))) continue;
      deeds.give_back({lease}, Receipt{{0}, 0});  // closed in this moment
    }
    if (!between()) return {};
  }
  return {};
}

Result<void> HandBack::say_refunds(std::chrono::milliseconds patience, const GoOn& between) {
  while (auto refund = deeds.next_refund()) {
    const auto given = shared_.give_back(refund->charges, refund->receipt, Deadline::in(patience));
    if (is_away(given)) {
      refund->receipt = repeatable(refund->charges, std::move(refund->receipt));
      if (!is_empty(refund->receipt)) deeds.put_back(*std::move(refund));
      return given;
    }
    if (!between()) return {};
  }
  return {};
}

void HandBack::tell_left(const std::string& store, Log& log) const {
  Event("counters-not-added")
      .with("store", store)
      .with("counters", static_cast<std::int64_t>(counts.counters()))
      .with("units", static_cast<std::int64_t>(counts.units()))
      .with("others", static_cast<std::int64_t>(deeds.size()))
      .with("reason", "the daemon ends while the store is down")
      .to(log, Severity::warning);
}

}  // namespace mailweir

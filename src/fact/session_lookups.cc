// SPDX-License-Identifier: BSD-2-Clause
#include "fact/session_lookups.h"

#include <algorithm>
#include <utility>

namespace mailweir {

std::chrono::microseconds SessionLookups::waited() const {
  auto sum = -waited_before_;
  for (const auto& lookups : all_)
    if (lookups) sum += lookups->waited();
  return sum;
}

void SessionLookups::begin(Stage stage, Deadline deadline, const DnsUse& use) {
  const auto so_far = waited();
  deadline_ = deadline;
  use_ = use;
  if (const auto part = DnsBudget::part_of(stage); part != part_) {
    part_ = part;
    waited_at_part_ = so_far;
  }
  if (std::ranges::none_of(all_, [](const auto& lookups) { return lookups != nullptr; })) return;
  const Deadline ends = part_ends(so_far);
  for (const auto& lookups : all_)
    if (lookups) lookups->renew(ends);
}

Deadline SessionLookups::part_ends(std::chrono::microseconds so_far) const {
  const auto now = std::chrono::steady_clock::now();
  const DnsBudget budget(deadline_.left(now), use_.envelope, use_.message);
  const auto left = budget.left(part_, waited_at_part_, so_far - waited_at_part_);
  return Deadline(std::min(deadline_.at(), now + left));
}

Lookups& SessionLookups::of(LookupsOf what) {
  auto& kept = all_[static_cast<std::size_t>(what)];
  if (!kept) kept = Lookups::make(resolver_, part_ends(waited()));
  return *kept;
}

void SessionLookups::drop_recipients() {
  auto& kept = all_[static_cast<std::size_t>(LookupsOf::recipients)];
  if (!kept) return;
  waited_before_ -= kept->waited();
  kept.reset();
}

void SessionLookups::transaction_ends() {
  for (const auto what : {LookupsOf::transaction, LookupsOf::recipients, LookupsOf::message})
    all_[static_cast<std::size_t>(what)].reset();
  part_ = DnsBudget::Part::session;
  waited_at_part_ = std::chrono::microseconds(0);
  const auto& session = all_[static_cast<std::size_t>(LookupsOf::session)];
  waited_before_ = session ? session->waited() : std::chrono::microseconds(0);
}

std::vector<TimedLookup> SessionLookups::trace() const {
  std::vector<TimedLookup> all;
  for (const auto& lookups : all_) {
    if (!lookups) continue;
    for (auto& one : lookups->trace()) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace mailweir

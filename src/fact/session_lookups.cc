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
  if (const auto part = DnsBudget::part_of(stage); part != part_) {
    part_ = part;
    waited_at_part_ = so_far;
  }
  const DnsBudget budget(deadline.left(), use.envelope, use.message);
  const Deadline part_ends = Deadline::in(budget.left(part_, waited_at_part_, so_far - waited_at_part_));
  deadline_ = Deadline(std::min(deadline.at(), part_ends.at()));
  for (const auto& lookups : all_)
    if (lookups) lookups->renew(deadline_);
}

Lookups& SessionLookups::of(LookupsOf what) {
  auto& kept = all_[static_cast<std::size_t>(what)];
  if (!kept) kept = Lookups::make(resolver_, deadline_);
  return *kept;
}

void SessionLookups::transaction_ends() {
  all_[static_cast<std::size_t>(LookupsOf::transaction)].reset();
  all_[static_cast<std::size_t>(LookupsOf::message)].reset();
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

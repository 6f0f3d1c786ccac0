// SPDX-License-Identifier: BSD-2-Clause
// The lookups of Facts, and how long each part of a transaction may wait for them.
#include "fact/facts.h"

#include <algorithm>

namespace mailweir {

std::chrono::microseconds Facts::waited() const {
  auto sum = -waited_before_;
  for (const auto* lookups : {session_lookups_.get(), transaction_lookups_.get(), message_lookups_.get()})
    if (lookups != nullptr) sum += lookups->waited();
  return sum;
}

void Facts::stage(Stage stage, Deadline deadline) {
  stage_ = stage;
  const auto so_far = waited();
  if (const auto part = DnsBudget::part_of(stage); part != part_) {
    part_ = part;
    waited_at_part_ = so_far;
  }
  const DnsUse asks = settings_ != nullptr ? settings_->dns_use[static_cast<std::size_t>(door_)] : DnsUse();
  const DnsBudget budget(deadline.left(), asks.envelope, asks.message);
  const Deadline part_ends = Deadline::in(budget.left(part_, waited_at_part_, so_far - waited_at_part_));
  deadline_ = Deadline(std::min(deadline.at(), part_ends.at()));
  for (const auto& lookups : {session_lookups_, transaction_lookups_, message_lookups_})
    if (lookups) lookups->renew(deadline_);
}

Lookups& Facts::lookups_of(std::shared_ptr<Lookups>& kept) {
  if (!kept) kept = Lookups::make(resolver_, deadline_);
  return *kept;
}

std::vector<TimedLookup> Facts::lookups() const {
  std::vector<TimedLookup> all;
  for (const auto& lookups : {session_lookups_, transaction_lookups_, message_lookups_}) {
    if (!lookups) continue;
    for (auto& one : lookups->trace()) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// BounceCount: what becomes of messages, counted for those who sent them: a bounce for the limits of bounces that the
// message was remembered with, whose keys are blocked, and alerts raised, when it is known. Off the mail's path; one
// thread at a time. The services, the policy and the messages outlive it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/guarded.h"
#include "base/metric.h"
#include "delivery/accepted_messages.h"
#include "engine/blocked_keys.h"
#include "engine/ledger.h"
#include "engine/services.h"
#include "rule/policy.h"

namespace mailweir {

struct BounceStats {
  std::atomic<std::uint64_t> delivered{0}, hard{0}, policy{0}, other{0};  // recipients
};

class BounceCount {
 public:
  BounceCount(Services& services, const Snapshot<Policy>& policy, AcceptedMessages& messages)
      : services_(services), policy_(policy), messages_(messages), ledger_(services), blocked_keys_(services, ledger_) {
  }

  void happened(const DeliveryEvent& event);
  const BounceStats& stats() const { return stats_; }

 private:
  void bounced(const Outcome& outcome);
  void suppress(const Outcome& outcome);

  Services& services_;
  const Snapshot<Policy>& policy_;
  AcceptedMessages& messages_;
  Ledger ledger_;
  BlockedKeys blocked_keys_;
  BounceStats stats_;
};

inline constexpr Metric<BounceStats> bounce_metrics[] = {
    {"delivered", as_counter("mailweir_delivered_total", "Recipients to whom accepted mail was delivered"),
     via<&BounceStats::delivered>},
    {"hard", as_counter("mailweir_bounces_total", "Recipients of accepted mail that bounced", "kind", "hard"),
     via<&BounceStats::hard>},
    {"policy", as_counter("mailweir_bounces_total", "Recipients of accepted mail that bounced", "kind", "policy"),
     via<&BounceStats::policy>},
    {"other", as_counter("mailweir_bounces_total", "Recipients of accepted mail that bounced", "kind", "other"),
     via<&BounceStats::other>},
};

}  // namespace mailweir

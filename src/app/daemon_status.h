// SPDX-License-Identifier: BSD-2-Clause
// DaemonStatus: what the admin door shows of the daemon: status as JSON, and metrics. It reads the tables of metrics of
// all parts (base/metric.h); what the parts do not count themselves stands in tables of its own. Thread-safe.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "adapter/alert/alert_desk.h"
#include "adapter/builders/table_sources.h"
#include "adapter/dns/caching_resolver.h"
#include "adapter/scan/held_bytes.h"
#include "app/eviction_watch.h"
#include "app/key_keeper.h"
#include "app/log_follower.h"
#include "app/loss_watch.h"
#include "app/reputation_view.h"
#include "app/status_report.h"
#include "app/stores.h"
#include "base/guarded.h"
#include "base/memory_budget.h"
#include "engine/leases.h"
#include "engine/stats.h"
#include "http_door/server.h"
#include "milter_door/milter_server.h"
#include "policy_door/server.h"
#include "port/scanner.h"
#include "rule/policy.h"
#include "socketmap_door/server.h"

namespace mailweir {

struct ReloadCounts {
  std::atomic<std::uint64_t> good{0}, failed{0};
  Guarded<std::vector<std::string>> errors;  // of the last reload, that was refused; empty: it was not
};

// What there is to read of; null: this daemon has none. All outlives the status.
struct DaemonParts {
  const Config* config = nullptr;
  const std::string* file = nullptr;
  const Clock* clock = nullptr;
  SteadyTime started{};  // a clock that was set does not change how long it runs
  const Log* log = nullptr;
  const Snapshot<Policy>* policy = nullptr;
  const ReloadCounts* reloads = nullptr;
  const EngineStats* engine = nullptr;
  const Leases* leases = nullptr;
  const MemoryBudget* memory = nullptr;
  const MilterServer* milter_door = nullptr;
  const PolicyServer* policy_door = nullptr;
  const SocketmapServer* socketmap_door = nullptr;
  const HttpServer* http_door = nullptr;
  const MemoryCounters* memory_counters = nullptr;
  const FallbackCounters* fallback = nullptr;
  const EvictionWatch* evictions = nullptr;
  const LossWatch* losses = nullptr;
  const KeyKeeper* keys = nullptr;
  const CachingResolver* dns = nullptr;
  const AlertDesk* alerts = nullptr;
  const TableSources* tables = nullptr;
  const ReputationView* reputation = nullptr;
  const LogFollower* follower = nullptr;
  std::vector<const ScanStats*> scans{};
  const HeldRoom* held_for_scanners = nullptr;
};

class DaemonStatus {
 public:
  explicit DaemonStatus(const DaemonParts& parts) : parts_(parts) {}
  std::string status() const { return report().status(); }
  std::string metrics() const { return report().metrics(); }
  // Every metric that a daemon may have.
  static std::vector<StatusReport::Known> all_metrics() { return DaemonStatus({}).report().known(); }

 private:
  StatusReport report() const;

  const DaemonParts parts_;
};

}  // namespace mailweir

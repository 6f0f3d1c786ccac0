// SPDX-License-Identifier: BSD-2-Clause
#include "app/eviction_watch.h"

#include <chrono>

#include "start/store_warnings.h"

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds patience{1000};

}  // namespace

void EvictionWatch::look() {
  const Found before = found();
  Found now;
  std::map<std::string, std::string> lost;
  for (const auto& [server, policy] : lists_.evictions(patience)) {
    if (!policy || policy->empty()) continue;
    now[server] = *policy;
    lost[server] = lost_lists;
  }
  if (counters_ != nullptr) {
    const auto policy = counters_->evicts(Deadline::in(patience));
    const std::string& server = counters_->server();
    if (policy && !policy->empty()) {
      now[server] = *policy;
      lost[server] = lost.contains(server) ? std::string(lost_counters) + " and " + lost_lists : lost_counters;
    } else if (const auto known = before.find(server); !policy && known != before.end()) {
      now.insert(*known);  // it does not answer: nothing new is known
      lost.emplace(server, lost_counters);
    }
  }
  found_.with([&](Found& found) { found = now; });
  for (const auto& [server, policy] : now) {
    if (const auto known = before.find(server); known != before.end() && known->second == policy) continue;
    Event("store-evicts")
        .with("store", server)
        .with("policy", policy)
        .with("what",
              "when its memory is full, it drops " + lost[server] + " silently; set maxmemory-policy noeviction")
        .to(log_, Severity::warning);
  }
  for (const auto& [server, policy] : before)
    if (!now.contains(server))
      Event("store-evicts").with("store", server).with("policy", "none").to(log_, Severity::notice);
}

}  // namespace mailweir

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
  const auto look_at = [&](const TableSources::Evictions& all, const char* what) {
    for (const auto& [server, policy] : all) {
      if (!policy || policy->empty()) continue;
      now[server] = *policy;
      lost[server] += (lost[server].empty() ? "" : " and ") + std::string(what);
    }
  };
  look_at(lists_.evictions(patience), lost_lists);
  look_at(lists_.key_evictions(patience), lost_keys);
  if (counters_ != nullptr) {
    const auto policy = counters_->evicts(Deadline::in(patience));
    const std::string& server = counters_->server();
    if (policy && !policy->empty()) {
      now[server] = *policy;
      lost[server] = lost_counters + (lost.contains(server) ? " and " + lost[server] : std::string());
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

// SPDX-License-Identifier: BSD-2-Clause
// HttpDoor: what all connections of the http door share. Outlives them. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/guarded.h"
#include "base/memory_budget.h"
#include "base/metric.h"
#include "engine/services.h"
#include "http_door/once_a_minute.h"

namespace mailweir {

struct HttpDoorStats {
  std::atomic<std::uint64_t> requests{0}, bad_requests{0}, unauthorized{0};
  std::atomic<std::uint64_t> asked{0}, refused{0};     // logins that were asked about
  std::atomic<std::uint64_t> reports{0}, failures{0};  // logins told, and those that count as failed
};
inline constexpr Metric<HttpDoorStats> login_metrics[] = {
    {"logins_asked", as_counter("mailweir_logins_asked_total", "Logins asked about"), via<&HttpDoorStats::asked>},
    {"logins_refused", as_counter("mailweir_logins_refused_total", "Logins refused by a rule"),
     via<&HttpDoorStats::refused>},
    {"failures", as_counter("mailweir_auth_failures_total", "Failed logins reported, those that count"),
     via<&HttpDoorStats::failures>},
};

struct HttpDoorLimits {
  std::size_t connections = 300;
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds whole{10'000};      // from a request's first byte to its last
  std::chrono::milliseconds look_round{1'000};  // how often silence is looked for
  MemoryBudget* memory = nullptr;               // of all connections; null: unbounded
};

struct HttpDoor {
  Services& services;
  const Snapshot<Policy>& policy;
  const HttpDoorLimits limits;
  HttpDoorStats& stats;
  const std::string token;  // "": none is asked for
  // Which lines are due: of requests that make no sense, of logins.
  OnceAMinute& bad_lines;
  OnceAMinute& login_lines;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// AuthPolicy: what the http door answers: whether a login may go on (the rules of the stage auth), and that one failed
// (counted for the limits of auth-failures).
//
// Thread-safe. The services and the policy outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/guarded.h"
#include "base/metric.h"
#include "engine/services.h"
#include "http_door/login_attempt.h"
#include "http_door/once_a_minute.h"

namespace mailweir {

class Session;
struct Verdict;

struct AuthPolicyStats {
  std::atomic<std::uint64_t> asked{0}, refused{0};     // logins that were asked about
  std::atomic<std::uint64_t> reports{0}, failures{0};  // logins told, and those that count as failed
};
inline constexpr Metric<AuthPolicyStats> login_metrics[] = {
    {"logins_asked", as_counter("mailweir_logins_asked_total", "Logins asked about"), via<&AuthPolicyStats::asked>},
    {"logins_refused", as_counter("mailweir_logins_refused_total", "Logins refused by a rule"),
     via<&AuthPolicyStats::refused>},
    {"failures", as_counter("mailweir_auth_failures_total", "Failed logins reported, those that count"),
     via<&AuthPolicyStats::failures>},
};

class AuthPolicy {
 public:
  AuthPolicy(Services& services, const Snapshot<Policy>& policy) : services_(services), policy_(policy) {}

  // The JSON answer to `allow`: asked before the password is looked at, and once more after it. Charges nothing.
  std::string allow(const LoginAttempt& attempt);
  // `report`: a failure counts once for each limit that applies; a success counts nothing and forgives nothing.
  void report(const LoginAttempt& attempt);

  const AuthPolicyStats& stats() const { return stats_; }

 private:
  void log(Session& session, Verdict& verdict);

  Services& services_;
  const Snapshot<Policy>& policy_;
  AuthPolicyStats stats_;
  OnceAMinute lines_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// PolicyServer: the policy door's socket, with a bound on connections; beyond it a connection is closed at once.
//
// start() and stop() from one thread. A connection that says nothing at all may stay for `idle`; one whose request
// is not whole after `partial` is closed. What makes no sense is logged and closed without an answer: Postfix then
// tries once more and uses its default action.
#pragma once

#include "base/handle.h"
#include "base/metric.h"
#include "base/stream_server.h"
#include "policy_door/door.h"

namespace mailweir {

class PolicyServer {
 public:
  // `listener` is a listening socket; services and policy outlive this object.
  PolicyServer(Fd listener, PolicyDoorLimits limits, Services& services, const Snapshot<Policy>& policy);

  void start() { streams_.start(); }
  // No new connections; those that are open get to answer the request they are at, until the deadline.
  void stop(Deadline deadline) { streams_.stop(deadline); }
  const PolicyDoorStats& stats() const { return stats_; }
  const StreamStats& streams() const { return streams_.stats(); }

 private:
  PolicyDoorStats stats_;
  const PolicyDoor door_;
  StreamServer streams_;
};

inline constexpr Metric<PolicyServer> policy_door_metrics[] = {
    {"requests", as_counter("mailweir_policy_requests_total", "Requests at the policy door"),
     via<&PolicyServer::stats, &PolicyDoorStats::requests>},
    {"bad_requests", as_counter("mailweir_policy_bad_requests_total", "Requests that were malformed"),
     via<&PolicyServer::stats, &PolicyDoorStats::bad_requests>},
    {"connections", via<&PolicyServer::streams, &StreamStats::connections>},
    {"refused", as_counter("mailweir_policy_refused_total", "Connections over max_connections"),
     via<&PolicyServer::streams, &StreamStats::refused>},
    {"open", as_gauge("mailweir_policy_open", "Connections open at the policy door"),
     via<&PolicyServer::streams, &StreamStats::open>},
};

}  // namespace mailweir

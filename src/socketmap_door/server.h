// SPDX-License-Identifier: BSD-2-Clause
// SocketmapServer: the socketmap door's socket, with a bound on connections; beyond it a connection is closed at once.
//
// start() and stop() from one thread. A connection that says nothing at all may stay for `idle`; one whose request
// is not whole after `partial` is closed. What makes no sense is logged and closed without an answer: the mail server
// then tries again later, and mail waits in its queue.
#pragma once

#include "base/handle.h"
#include "base/metric.h"
#include "base/stream_server.h"
#include "socketmap_door/door.h"

namespace mailweir {

class SocketmapServer {
 public:
  // `listener` is a listening socket; clock, log and policy outlive this object.
  SocketmapServer(Fd listener, SocketmapDoorLimits limits, const Clock& clock, Log& log,
                  const Snapshot<Policy>& policy);

  void start() { streams_.start(); }
  // No new connections; those that are open get to answer the request they are at, until the deadline.
  void stop(Deadline deadline) { streams_.stop(deadline); }
  const SocketmapDoorStats& stats() const { return stats_; }
  const StreamStats& streams() const { return streams_.stats(); }

 private:
  SocketmapDoorStats stats_;
  const SocketmapDoor door_;
  StreamServer streams_;
};

inline constexpr Metric<SocketmapServer> socketmap_door_metrics[] = {
    {"lookups", as_counter("mailweir_socketmap_lookups_total", "Lookups at the socketmap door"),
     via<&SocketmapServer::stats, &SocketmapDoorStats::lookups>},
    {"found", as_counter("mailweir_socketmap_found_total", "Lookups there that found a value"),
     via<&SocketmapServer::stats, &SocketmapDoorStats::found>},
    {"refused_lookups",
     as_counter("mailweir_socketmap_refused_lookups_total", "Lookups there answered with TEMP or PERM"),
     via<&SocketmapServer::stats, &SocketmapDoorStats::refused_lookups>},
    {"bad_requests", as_counter("mailweir_socketmap_bad_requests_total", "Requests there that were malformed"),
     via<&SocketmapServer::stats, &SocketmapDoorStats::bad_requests>},
    {"refused", as_counter("mailweir_socketmap_refused_total", "Connections there over max_connections"),
     via<&SocketmapServer::streams, &StreamStats::refused>},
    {"open", as_gauge("mailweir_socketmap_open", "Connections open at the socketmap door"),
     via<&SocketmapServer::streams, &StreamStats::open>},
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// HttpServer: the http door: Dovecot's authentication policy protocol, POST ?command=allow and ?command=report, on a
// TCP socket with a bound on connections; beyond it a connection is closed at once.
//
// start() and stop() from one thread. A request has 10 s to come in whole; a connection that says nothing is closed
// after `idle`. What makes no sense, or does not show the token, gets an HTTP error: Dovecot then goes on as if it had
// not asked.
#pragma once

#include <string>

#include "base/handle.h"
#include "base/metric.h"
#include "base/stream_server.h"
#include "http_door/door.h"

namespace mailweir {

class HttpServer {
 public:
  // `listener` is a listening socket; services and policy outlive this object.
  HttpServer(Fd listener, std::string token, HttpDoorLimits limits, Services& services, const Snapshot<Policy>& policy);

  void start() { streams_.start(); }
  // No new connections; those that are open get to answer the request they are at, until the deadline.
  void stop(Deadline deadline) { streams_.stop(deadline); }
  const HttpDoorStats& stats() const { return stats_; }
  const StreamStats& streams() const { return streams_.stats(); }

 private:
  HttpDoorStats stats_;
  OnceAMinute bad_lines_, login_lines_;
  const HttpDoor door_;
  StreamServer streams_;
};

inline constexpr Metric<HttpServer> http_door_metrics[] = {
    {"requests", as_counter("mailweir_http_requests_total", "Requests at the http door"),
     via<&HttpServer::stats, &HttpDoorStats::requests>},
    {"bad_requests", as_counter("mailweir_http_bad_requests_total", "Requests there that were malformed"),
     via<&HttpServer::stats, &HttpDoorStats::bad_requests>},
    {"unauthorized", as_counter("mailweir_http_unauthorized_total", "Requests there without the token"),
     via<&HttpServer::stats, &HttpDoorStats::unauthorized>},
    {"refused_connections", as_counter("mailweir_http_refused_total", "Connections there over max_connections"),
     via<&HttpServer::streams, &StreamStats::refused>},
    {"open", as_gauge("mailweir_http_open", "Connections open there"), via<&HttpServer::streams, &StreamStats::open>},
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// HttpServer: the http door: Dovecot's authentication policy protocol, POST ?command=allow and ?command=report, on a
// TCP socket with a bound on connections; beyond it a connection is closed at once.
//
// start() and stop() from one thread. A request has 10 s to come in whole; a connection that says nothing is closed
// after `idle`. What makes no sense, or does not show the token, gets an HTTP error: Dovecot then goes on as if it had
// not asked.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "base/handle.h"
#include "base/metric.h"
#include "base/stream_server.h"
#include "engine/services.h"
#include "http_door/auth_policy.h"

namespace mailweir {

struct HttpDoorStats {
  std::atomic<std::uint64_t> requests{0}, bad_requests{0}, unauthorized{0};
};

struct HttpDoorLimits {
  std::size_t connections = 300;
  std::chrono::milliseconds idle{60'000};
  std::chrono::milliseconds whole{10'000};      // from a request's first byte to its last
  std::chrono::milliseconds look_round{1'000};  // how often silence is looked for
  MemoryBudget* memory = nullptr;               // of all connections; null: unbounded
};

// What the connections share. `token` "": none is asked for.
class HttpDoor {
 public:
  HttpDoor(std::string token, HttpDoorLimits limits, Services& services, const Snapshot<Policy>& policy)
      : token_(std::move(token)), limits_(limits), services_(services), policy_(services, policy) {}

  std::unique_ptr<Conversation> conversation();
  const HttpDoorStats& stats() const { return stats_; }
  const AuthPolicyStats& logins() const { return policy_.stats(); }

 private:
  class Stream;

  const std::string token_;
  const HttpDoorLimits limits_;
  Services& services_;
  AuthPolicy policy_;
  HttpDoorStats stats_;
  OnceAMinute lines_;
};

class HttpServer {
 public:
  // `listener` is a listening socket; services and policy outlive this object.
  HttpServer(Fd listener, std::string token, HttpDoorLimits limits, Services& services, const Snapshot<Policy>& policy);

  void start() { streams_.start(); }
  // No new connections; those that are open get to answer the request they are at, until the deadline.
  void stop(Deadline deadline) { streams_.stop(deadline); }
  const HttpDoor& door() const { return door_; }
  const StreamStats& streams() const { return streams_.stats(); }

 private:
  HttpDoor door_;
  StreamServer streams_;
};

inline constexpr Metric<HttpServer> http_door_metrics[] = {
    {"requests", as_counter("mailweir_http_requests_total", "Requests at the http door"),
     via<&HttpServer::door, &HttpDoor::stats, &HttpDoorStats::requests>},
    {"bad_requests", as_counter("mailweir_http_bad_requests_total", "Requests there that were malformed"),
     via<&HttpServer::door, &HttpDoor::stats, &HttpDoorStats::bad_requests>},
    {"unauthorized", as_counter("mailweir_http_unauthorized_total", "Requests there without the token"),
     via<&HttpServer::door, &HttpDoor::stats, &HttpDoorStats::unauthorized>},
    {"refused_connections", as_counter("mailweir_http_refused_total", "Connections there over max_connections"),
     via<&HttpServer::streams, &StreamStats::refused>},
    {"open", as_gauge("mailweir_http_open", "Connections open there"), via<&HttpServer::streams, &StreamStats::open>},
};

}  // namespace mailweir

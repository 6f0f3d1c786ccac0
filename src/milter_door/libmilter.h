// SPDX-License-Identifier: BSD-2-Clause
// MilterServer: the milter door by libmilter. The one place that knows it, so that a transport of our own can stand
// beside it. libmilter runs once in a process, on one socket, and brings its own threads.
//
// The socket is opened before privileges are dropped, the server made and started after. stop() waits for messages in flight, then cuts
// what is left.
#pragma once

#include <memory>

#include "base/guarded.h"
#include "base/socket.h"
#include "engine/services.h"
#include "milter_door/milter_session.h"
#include "milter_door/milter_stats.h"
#include "port/digest.h"

namespace mailweir {

class MilterServer {
 public:
  virtual ~MilterServer() = default;
  virtual void start() = 0;
  // New messages are deferred from now on; those in flight may finish until the deadline.
  virtual void stop(Deadline deadline) = 0;
  virtual const MilterStats& stats() const = 0;
  // Whether libmilter is still running; it ends by itself when its socket breaks.
  virtual bool running() const = 0;
};

// Registers with libmilter and makes its socket. Once in a process.
Result<void> open_libmilter_socket(const SocketName& name, const SocketAccess& access);

std::unique_ptr<MilterServer> make_libmilter_server(Services& services, const Digests& digests, const Snapshot<Policy>& policy,
                                                    MilterLimits limits);

}  // namespace mailweir

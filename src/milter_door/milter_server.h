// SPDX-License-Identifier: BSD-2-Clause
// MilterServer: the milter door as the daemon sees it, whatever speaks the protocol: our own loop (builtin_server.h) or
// libmilter (libmilter.h). start() and stop() from one thread; the services outlive stop().
#pragma once

#include "base/clock.h"
#include "milter_door/milter_stats.h"

namespace mailweir {

class MilterServer {
 public:
  virtual ~MilterServer() = default;
  virtual void start() = 0;
  // New messages are deferred from now on; those in flight may finish until the deadline, then they are cut.
  virtual void stop(Deadline deadline) = 0;
  virtual const MilterStats& stats() const = 0;
  // Whether the door still serves; libmilter ends by itself when its socket breaks.
  virtual bool running() const = 0;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// StreamServer: a listening socket and all its connections, each with a Conversation: a thread that accepts, a few
// StreamLoops that serve, and a few threads for what blocks, where it is needed. There are no more, however many wait.
// Beyond the bound a connection is closed at once.
//
// start() and stop() from one thread. What the conversations use must outlive stop().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/stream_loop.h"

namespace mailweir {

class StreamServer {
 public:
  using Maker = std::function<std::unique_ptr<Conversation>()>;

  // `door` names it in log lines.
  StreamServer(std::string door, Fd listener, StreamLimits limits, const Clock& clock, Log& log, Maker maker);
  ~StreamServer();

  void start();
  // No new connections; idle ones are closed, those at work answer first, until the deadline.
  void stop(Deadline deadline);
  // No new connections; the old ones go on.
  void stop_accepting();
  const StreamStats& stats() const { return stats_; }
  // That were needed so far for what blocks.
  std::size_t pool_threads() const { return pool_.threads(); }

 private:
  void accept_all();
  void accept_one();
  void tell_not_accepted(int error);

  const std::string door_;
  Fd listener_, wake_;
  const StreamLimits limits_;
  const Clock& clock_;
  Log& log_;
  const Maker maker_;
  StreamStats stats_;
  BlockingPool pool_;  // of all loops
  std::vector<std::unique_ptr<StreamLoop>> loops_;
  std::size_t next_ = 0;
  std::optional<SteadyTime> told_not_accepted_;  // the acceptor's
  std::thread acceptor_;
  std::atomic<bool> accepting_{true};
};

}  // namespace mailweir

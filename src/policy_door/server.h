// SPDX-License-Identifier: BSD-2-Clause
// PolicyServer: the policy door's socket: a thread a connection, with a bound; beyond it a connection is closed at once.
//
// start() and stop() from one thread. A connection that says nothing at all may stay for `idle`; one that stops in the middle of
// a request is closed after `partial`. What makes no sense is logged and closed without an answer: Postfix then tries
// once more and uses its default action.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/guarded.h"
#include "base/handle.h"
#include "engine/services.h"

namespace mailweir {

struct PolicyDoorStats {
  std::atomic<std::uint64_t> connections{0}, open{0}, refused{0}, requests{0}, bad_requests{0};
};

class PolicyServer {
 public:
  struct Limits {
    std::size_t connections = 1000;
    std::chrono::milliseconds idle{600'000};
    std::chrono::milliseconds partial{10'000};
  };

  // `listener` is a listening socket; services and policy outlive this object.
  PolicyServer(Fd listener, Limits limits, Services& services, const Snapshot<Policy>& policy);
  ~PolicyServer();

  void start();
  // No new connections; those that are open get to answer the request they are at, until the deadline.
  void stop(Deadline deadline);
  const PolicyDoorStats& stats() const { return stats_; }

 private:
  void accept_all();
  void serve(Fd connection);
  bool answer_all(int connection, class PolicyConversation& conversation, class PolicyRequestReader& reader);
  void log_bad(std::string_view why);

  Fd listener_, wake_;
  const Limits limits_;
  Services& services_;
  const Snapshot<Policy>& policy_;
  PolicyDoorStats stats_;
  std::thread acceptor_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable none_open_;
  std::set<int> open_;
};

}  // namespace mailweir

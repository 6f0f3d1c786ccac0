// SPDX-License-Identifier: BSD-2-Clause
// DeliveryWatch: what becomes of accepted messages: those that are remembered, what is counted for them, and the thread
// that reads the mail server's log. The configuration, the services, the policy and the log outlive it.
#pragma once

#include <memory>
#include <string>

#include "app/log_follower.h"
#include "app/periodic.h"
#include "config/config.h"

namespace mailweir {

class DeliveryWatch {
 public:
  // Remembers again what the last daemon did. Messages come in from now on by services.accepted.
  DeliveryWatch(const Config& config, Services& services, const Snapshot<Policy>& policy, Log& log);
  ~DeliveryWatch() { stop(); }

  // Ends the threads; the messages are saved.
  void stop();
  const LogFollower& follower() const { return follower_; }
  Suppressions& suppressions() { return suppressions_; }

 private:
  void read();
  void save();

  const std::string file_, suppressed_file_;
  Log& log_;
  AcceptedMessages messages_;
  Suppressions suppressions_;
  BounceCount bounces_;
  LogFollower follower_;
  std::unique_ptr<Periodic> reader_, saver_;
};

}  // namespace mailweir

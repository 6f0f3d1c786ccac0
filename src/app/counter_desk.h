// SPDX-License-Identifier: BSD-2-Clause
// CounterDesk: what the admin does with counters and blocked keys, at the admin door. Answers are JSON; a temporary
// error is the store's, another the request's. What it changes is a line in the log. Thread-safe; all that it is made
// of outlives it.
#pragma once

#include <string>

#include "admin_door/admin_server.h"
#include "app/stores.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "rule/policy.h"

namespace mailweir {

class CounterDesk {
 public:
  CounterDesk(const Stores& stores, const Snapshot<Policy>& policy, const Clock& clock, Log& log)
      : stores_(stores), policy_(policy), clock_(clock), log_(log) {}

  Result<std::string> counters(const KeyOfLimit& of, std::size_t most, bool top);
  Result<std::string> blocks();
  Result<std::string> block(const KeyOfLimit& of, const std::string& time);
  Result<std::string> unblock(const KeyOfLimit& of);
  Result<std::string> reset(const KeyOfLimit& of);

 private:
  bool this_node_only() const;  // the shared store is away
  // All counters of a limit's key; how many there were.
  Result<std::size_t> forget(const Policy& policy, const KeyOfLimit& of);

  const Stores& stores_;
  const Snapshot<Policy>& policy_;
  const Clock& clock_;
  Log& log_;
};

}  // namespace mailweir

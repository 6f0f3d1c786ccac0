// SPDX-License-Identifier: BSD-2-Clause
// HostLookup: the addresses of a server's host name, from the system (files, DNS), with a deadline. getaddrinfo(3) has
// none, so it runs on a thread of its own; while one is stuck, no second is started and callers wait for that one.
// Thread-safe. An address is its own answer, at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

class HostLookup {
 public:
  explicit HostLookup(std::string host);
  ~HostLookup();  // does not wait: a lookup that is stuck ends on its own

  // In the order in which they should be tried; at least one.
  Result<std::vector<std::string>> addresses(Deadline deadline);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace mailweir

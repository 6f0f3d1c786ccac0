// SPDX-License-Identifier: BSD-2-Clause
// Leases: the open connections that this daemon holds a place for in the counter store. A thread of the daemon's calls
// renew() well within lease_time, so that a place whose holder crashed becomes free by itself.
// Thread-safe.
#pragma once

#include <string>
#include <unordered_map>

#include "base/guarded.h"
#include "port/counter_store.h"

namespace mailweir {

class Leases {
 public:
  explicit Leases(CounterStore& store) : store_(store) {}

  // A member id that no other daemon has.
  static std::string new_member();
  void hold(const Charge& lease);
  // Gives the place back to the store and forgets it. An error of the store does no harm: the lease expires.
  void release(const Charge& lease, const Receipt& receipt, Deadline deadline);
  // Keeps all alive; the error of the store, if it had one.
  Result<void> renew(Deadline deadline);
  std::size_t held() const;

 private:
  static std::string name(const Charge& lease) { return lease.limit + '\n' + lease.key + '\n' + lease.member; }
  CounterStore& store_;
  Guarded<std::unordered_map<std::string, Charge>> held_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// KeyKeeper: looks after the signing keys of [dkim] keys while the daemon runs (check/key_watch.h), on a thread of its
// own, because an authoritative server may not answer: at most 16 keys a second. All that it is made of outlives it.
#pragma once

#include <memory>

#include "adapter/dns/caching_resolver.h"
#include "app/periodic.h"
#include "base/guarded.h"
#include "check/key_watch.h"
#include "rule/policy.h"

namespace mailweir {

class KeyKeeper {
 public:
  // `cache`: the resolver, when it is one; null: a zone file, which then answers in place of all servers.
  KeyKeeper(dns::Resolver& resolver, CachingResolver* cache, const Snapshot<Policy>& policy, const Clock& clock,
            Log& log);
  ~KeyKeeper() { watch_.stop(); }  // so that the end of the daemon waits for one server at most

  const KeyWatchStats& stats() const { return watch_.stats(); }

 private:
  void step();

  const Snapshot<Policy>& policy_;
  Log& log_;
  KeyWatch watch_;
  Periodic periodic_;  // last: it uses the others
};

}  // namespace mailweir

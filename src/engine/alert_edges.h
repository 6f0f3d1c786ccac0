// SPDX-License-Identifier: BSD-2-Clause
// AlertEdges: which alerts a verdict raises. A limit's are edges: raised when a key crosses the limit or reaches its
// warn_at, and not again before the window's period has passed, by one of all nodes. That is a mark in the counter
// store, made as a block is, under a name that no limit asks about. The alerts of a rule without a limit are raised
// each time; who receives them groups them. Owned by a session; one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/judgement.h"
#include "engine/ledger.h"
#include "engine/services.h"
#include "engine/verdict.h"
#include "mail/client.h"
#include "mail/transaction.h"

namespace mailweir {

class AlertEdges {
 public:
  AlertEdges(Services& services, Ledger& ledger, const Client& client, const Transaction& transaction)
      : services_(services), ledger_(ledger), client_(client), transaction_(transaction) {}

  // What the charges have reached of their warn_at, and the rules that acted, or would if they were no shadows.
  std::vector<Alert> alerts_of(const Judgement& judgement, const Verdict& verdict);

 private:
  Alert alert_of(const Rule& rule, AlertKind kind) const;
  Alert alert_of(const Asking& asking, AlertKind kind, const Window& window, std::uint64_t count) const;
  bool is_first(const Asking& asking, AlertKind kind, const Window& window);
  void near(const Asking& asking, std::vector<Alert>& alerts);
  void acting(const Rule& rule, const Asking* asking, std::vector<Alert>& alerts);

  Services& services_;
  Ledger& ledger_;
  const Client& client_;
  const Transaction& transaction_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// KeptVerdict: a verdict on connect or helo, which counts for every message of the session, with the policy that it
// points into.
#pragma once

#include <string>

#include "engine/session.h"

namespace mailweir {

struct KeptVerdict {
  KeptVerdict(const Verdict& made, Session& session)
      : verdict(made), policy(session.shared_policy()), told(session.transaction().id) {
    verdict.alerts.clear();  // raised once
  }
  bool was_told(Session& session) const { return told == session.transaction().id; }

  Verdict verdict;
  PolicyPtr policy;
  std::string told;  // the transaction whose log lines have it
};

}  // namespace mailweir

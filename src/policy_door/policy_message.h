// SPDX-License-Identifier: BSD-2-Clause
// PolicyMessage: what a session at the policy door keeps of its message, and forgets with it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/memory_budget.h"
#include "base/text.h"
#include "engine/verdict.h"

namespace mailweir {

struct PolicyMessage {
  // `budget`: of all connections; null: unbounded.
  explicit PolicyMessage(MemoryBudget* budget) : memory(budget) {}

  // As far as we know: we did not refuse it, nor all of its recipients.
  bool taken() const { return !refused && (recipient_taken || !recipient_refused); }

  std::string sender;                                              // as the request has it
  std::optional<Verdict> judged;                                   // at MAIL
  std::unordered_map<std::string, std::string, TextHash> answers;  // stage and recipient -> action
  MemoryShare memory;                                              // what they take
  bool logged = false, asked = false;
  bool refused = false;                                     // at MAIL, at DATA or later
  bool recipient_taken = false, recipient_refused = false;  // any of them
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// TransactionState: what a session keeps of its mail transaction and forgets with it.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/verdict.h"
#include "mail/transaction.h"

namespace mailweir {

// A rule that refused a part of the message and blocked its key: nothing more of that message passes.
struct JustBlocked {
  const Rule* rule = nullptr;
  std::string key;
  std::chrono::milliseconds left{0};
};

struct TransactionState {
  Transaction mail;                   // as the door fills it
  std::vector<CounterUse> used;       // by its stages so far, for its line
  std::chrono::microseconds took{0};  // all its stages together
  std::optional<JustBlocked> just_blocked;
  bool open = false;  // MAIL has begun it

  // The transaction's line shows each counter once, as it stood last: 10,000 recipients do not make 10,000 entries.
  void note_used(const std::vector<CounterUse>& more) {
    for (const auto& use : more) {
      const auto same = std::find_if(used.begin(), used.end(), [&](const auto& old) { return old.rule == use.rule; });
      if (same != used.end()) *same = use;
      else used.push_back(use);
    }
  }
};

}  // namespace mailweir

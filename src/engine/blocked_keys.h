// SPDX-License-Identifier: BSD-2-Clause
// BlockedKeys: puts keys on block lists: of a limit that was gone over, and of a rule whose action is `block`. One line
// in the log for each key that this daemon blocked, or could not block. Owned by a session; one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/judgement.h"
#include "engine/ledger.h"
#include "engine/services.h"

namespace mailweir {

class BlockedKeys {
 public:
  BlockedKeys(Services& services, Ledger& ledger) : services_(services), ledger_(ledger) {}

  // Blocks the keys that are over their limit and were not blocked yet, and notes in the judgement what this call
  // began. What can never fit is refused for itself: its key has not used its limit up. `id`: the transaction's.
  void begin_of_limits(Judgement& judgement, std::string_view id);
  // Blocks the key of a rule that says so itself, which `question` asks about; the reason is what of its conditions
  // held.
  void begin(const Rule& rule, const Charge& question, const std::vector<Evidence>& evidence, std::string_view id);

 private:
  std::optional<bool> begin(const Rule& rule, const Block& block, std::string_view id);

  Services& services_;
  Ledger& ledger_;
};

}  // namespace mailweir

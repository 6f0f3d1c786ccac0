// SPDX-License-Identifier: BSD-2-Clause
// Verdict: what the engine answers at one stage: an action, the reply for the peer, the reason for the log, and what
// comes of it (Effects). It points to rules of the policy that it was made with: after that policy
// is gone only its values may be used.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "engine/effects.h"
#include "port/alert.h"
#include "rule/rule.h"

namespace mailweir {

// A counter that was asked: for the log's used/limit.
struct CounterUse {
  std::string rule;  // its name: the line may be written after a reload freed the rule
  std::string key;
  Window window;
  std::uint64_t count = 0;
  bool over = false;
  bool share = false;  // over this node's share only (Level::share)
};

struct Verdict {
  Stage stage = Stage::connect;
  Action action = Action::none;
  const Rule* rule = nullptr;  // the one that decided; null: none did
  Reply reply;                 // of a refusal
  std::string reason;          // for the log: of discard and accept, and of trouble
  bool never_fits = false;     // refused because the message alone is over the limit
  Effects effects;
  std::vector<const Rule*> fired;     // all rules that had an effect, in order, the deciding one last
  std::vector<const Rule*> shadowed;  // what would have been done
  std::vector<Alert> alerts;          // raised already; the edges among them have their lines
  std::vector<CounterUse> used;
  std::string blocked;                                     // the blocked key that decided; empty: none did
  std::vector<std::pair<std::string, std::string>> facts;  // those that decided
  std::chrono::microseconds took{0};

  bool refuses() const { return is_refusal(action); }
  bool silent() const { return action == Action::none && fired.empty() && shadowed.empty(); }
};

}  // namespace mailweir

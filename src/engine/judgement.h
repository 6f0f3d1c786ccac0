// SPDX-License-Identifier: BSD-2-Clause
// Judgement: what a walk through a stage's rules has found: which held, with the evidence, and what they ask of the
// counter store. The store's answers are filled in afterwards; a verdict is then made of it without asking anything
// again.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/evaluation.h"
#include "mail/reply.h"
#include "port/counter_store.h"
#include "rule/rule.h"

namespace mailweir {

// A charge that a rule wants: of its limit, or the question whether its key is blocked.
struct Asking {
  // Of a limit of bounces that is a share: two counters, of which the first then has the limit's level.
  enum class Part : std::uint8_t { whole, accepted, not_bounced };

  const Rule* rule = nullptr;
  Charge charge;
  std::size_t traced = 0;               // its place in the trace
  Level level{};                        // what the store says
  std::vector<std::uint64_t> totals{};  // of each window after this call; of limits with a warn_at only
  bool began_block = false;             // by this very charge
  Part part = Part::whole;

  bool is_block() const { return charge.kind == CountKind::block; }
};

// A rule whose conditions held.
struct Held {
  const Rule* rule = nullptr;
  std::vector<Evidence> evidence;
};

struct Judgement {
  std::vector<Asking> asked;
  std::vector<Held> held;         // in order, with a limit or without
  const Rule* decided = nullptr;  // a rule without a limit that ended the walk
  const Rule* trouble = nullptr;  // its limit, or a list of its conditions, could not be asked, and it must then defer
  std::string trouble_what;
  Reply trouble_reply{"451", "4.3.0", "temporary failure, try again later"};

  void fail(const Rule& rule, std::string what) {
    trouble = &rule;
    trouble_what = std::move(what);
  }
  // Only attempts are charged for a message that is refused.
  bool refuses() const { return trouble != nullptr || (decided != nullptr && is_refusal(decided->action)); }

  // Which of a rule's charges says what happens: one that is over, its block first. Null: the rule has none.
  const Asking* telling(const Rule& rule) const {
    const Asking* told = nullptr;
    for (const Asking& one : asked)
      if (one.rule == &rule && !rule.block && (told == nullptr || (one.level.over && !told->level.over))) told = &one;
    return told;
  }
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// A limit of bounces that is a share, "20%/1d": bounced recipients of all that were accepted for the same key in the
// same sliding period. Two counters have it: one of accepted recipients, and one that is charged with them and from
// which a bounce takes its recipient back, in the slot of its message. What the second lacks has bounced. Free
// functions.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/judgement.h"
#include "fact/facts.h"
#include "port/counter_store.h"
#include "rule/rule.h"

namespace mailweir {

// Of both counters, in this order; none without a share. `counter`: the limit's own, in the store; amount 0 asks.
std::vector<Charge> share_charges(const Limit& limit, const std::string& counter, const std::string& key,
                                  std::uint64_t amount);
// The names in the store of a share's two counters, in the same order.
std::array<std::string, 2> share_counters(const std::string& counter);
// The name in the store of a rule's own counter.
std::string counter_of(const Rule& rule);
// What a rule asks at its stage; none: it has no share, or its key is not known.
std::vector<Charge> share_questions_for(const Rule& rule, Facts& facts);
// The store has answered: the level of each share stands at its first counter then, whose charge becomes the limit's.
// Counts are in percent.
void settle_shares(std::vector<Asking>& asked);

}  // namespace mailweir

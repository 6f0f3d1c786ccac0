// SPDX-License-Identifier: BSD-2-Clause
// The walk through a stage's rules: limits are taken as free, no counter is touched.
#pragma once

#include "engine/judgement.h"
#include "engine/skips.h"
#include "engine/trace.h"
#include "fact/facts.h"
#include "rule/policy.h"

namespace mailweir {

// Asks the rules of the stage in order, up to the first that decides; the blocked keys that are refused here come
// first. What an allow rule skips is noted in `skips` and turned off in `facts` for the rules after it. `trace` may be
// null.
Judgement walk_rules(const Policy& policy, Stage stage, Facts& facts, Skips& skips, Trace* trace);

// Starts the lookups that this stage's rules, and those of later stages, will want, as far as their rules may still
// hold.
void start_early(const Policy& policy, Stage stage, Facts& facts);

// Whether a rule of the end of the message decides before any rule may ask a scanner, whose answer then need not be
// waited for. Asks what walk_rules would ask up to there, but no counters.
bool decides_before_scans(const Policy& policy, Facts& facts);

}  // namespace mailweir

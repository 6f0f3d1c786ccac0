// SPDX-License-Identifier: BSD-2-Clause
// The verdict on a stage, made of the judgement alone: nothing is asked, charged or logged.
#pragma once

#include <chrono>
#include <string>

#include "engine/judgement.h"
#include "engine/verdict.h"
#include "fact/facts.h"

namespace mailweir {

// Puts the verdict together from the rules that held, in order, up to the one that decides; a blocked key comes before
// them all. `facts` fills replies and reasons.
Verdict verdict_of(const Judgement& judgement, Stage stage, Facts& facts);

// The refusal of a key that the rule has blocked for `left`, with the rule's reply where its facts are known.
Verdict refusal_of_blocked(const Rule& rule, std::string key, std::chrono::milliseconds left, Stage stage,
                           Facts& facts);

}  // namespace mailweir

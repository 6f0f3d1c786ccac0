// SPDX-License-Identifier: BSD-2-Clause
// The fact `blocked`. What it says comes of limits and of the counter store, of which facts know nothing: the engine
// hands its source in. Its value has an item for each block list that has a key of this transaction, number 1 and the
// text the list's name; else one with number 0. outage: the store could not be asked.
#include "fact/blocked.h"

#include "fact/family.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "blocked",
     .type = FactType::blocked,
     .known = known_of_logins(Stage::connect),
     .meaning = "the limits and rules that have blocked a key of this mail",
     .check = true},
};

}  // namespace

// A key may be any fact that is no check.
const FactFamily blocked_family{"blocked", facts, "", nullptr};

}  // namespace mailweir

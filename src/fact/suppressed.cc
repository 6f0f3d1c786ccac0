// SPDX-License-Identifier: BSD-2-Clause
// The fact `suppressed`. What is known of dead recipients comes of bounces, of which facts know nothing: the engine
// hands its source in.
#include "fact/suppressed.h"

#include "fact/family.h"

namespace mailweir {
namespace {

constexpr FactDefinition facts[] = {
    {.name = "suppressed",
     .type = FactType::boolean,
     .known = known_at_doors(Stage::rcpt),
     .meaning = "whether earlier mail of the same login or customer has proved that the recipient does not exist",
     .check = true},
};

}  // namespace

const FactFamily suppressed_family{"suppressed", facts, "", nullptr};

}  // namespace mailweir

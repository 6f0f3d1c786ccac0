// SPDX-License-Identifier: BSD-2-Clause
// Several values of a fact in a table, together: a table in Redis is asked once for all.
#pragma once

#include <span>

#include "engine/fact.h"
#include "engine/fact_value.h"
#include "port/table.h"

namespace mailweir {

// What the first of them that is there finds, as find_in (engine/facts.h) would. Else an outage, if one of them could
// not be asked, or nothing.
Found find_first_in(const Table& table, std::span<const FactItem> items, FactType type);

}  // namespace mailweir

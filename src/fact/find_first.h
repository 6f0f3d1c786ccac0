// SPDX-License-Identifier: BSD-2-Clause
// How the values of a fact are looked up in a table: one, or several together, so that a table in Redis is asked once.
#pragma once

#include <span>

#include "fact/definition.h"
#include "fact/value.h"
#include "port/table.h"

namespace mailweir {

// Looks a value up in a table the way its type is looked up. A login that is no entry is tried as a mail address.
Found find_in(const Table& table, const FactItem& item, FactType type);

// What the first of them that is there finds, as find_in would. Else an outage, if one of them could
// not be asked, or nothing.
Found find_first_in(const Table& table, std::span<const FactItem> items, FactType type);

}  // namespace mailweir

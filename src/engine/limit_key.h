// SPDX-License-Identifier: BSD-2-Clause
// The key under which a limit counts or a rule blocks. Not a public header of the floor.
#pragma once

#include <span>
#include <string>

#include "engine/facts.h"

namespace mailweir {

// The values of the facts `by`, folded, '|' between them; addresses of clients by network. At most 300 bytes and a
// number. `known` is false, and the key worth nothing, when one of them is absent.
std::string key_of(Facts& facts, std::span<const FactRef> by, unsigned prefix4, unsigned prefix6, bool& known);

}  // namespace mailweir

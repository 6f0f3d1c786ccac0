// SPDX-License-Identifier: BSD-2-Clause
// The key under which a limit counts or a rule blocks. Not a public header of the floor.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "fact/facts.h"

namespace mailweir {

// The values of the facts `by`, folded, '|' between them; addresses of clients by network. At most 300 bytes and a
// number. `known` is false, and the key worth nothing, when one of them is absent.
std::string key_of(Facts& facts, std::span<const FactRef> by, unsigned prefix4, unsigned prefix6, bool& known);

// The key that an admin writes, spelled as key_of() spells it: folded, blanks around it off, an address or network
// ("192.0.2.7", "192.0.2.0/24") cut to the limit's own prefix. Errors: a part too many or too few, no address where one
// is counted by.
Result<std::string> key_as_counted(std::span<const FactRef> by, unsigned prefix4, unsigned prefix6,
                                   std::string_view written, const MailboxSpelling& spelling);

}  // namespace mailweir

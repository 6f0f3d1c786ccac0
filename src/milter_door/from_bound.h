// SPDX-License-Identifier: BSD-2-Clause
// Whether the From fields of a message name more authors than are judged. Each author costs lookups (tables, DMARC
// records, block lists), and a stranger writes these fields: a message over the bound is refused. To judge the first
// authors only, or none, would let a message past every rule on From.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mail/headers.h"

namespace mailweir {

// Of all From fields of a message together, repeated ones counted again (RFC 5322 3.6 allows one field).
struct FromLimits {
  std::size_t addresses = 100;
  std::size_t bytes = 32 << 10;  // of the fields' values
};

// "the From fields name more than 100 addresses"; "" within the bounds. Linear in the header; of a usual message
// nothing is parsed. `sendmail`: the name of the Sendmail that asks, "" for another MTA (mail/address_list.h).
std::string over_from_limits(const HeaderList& headers, const FromLimits& limits, std::string_view sendmail = {});

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// BatchTable: a table that lives elsewhere, and is asked for several things at once: each of them on its own would be a
// round trip, and strangers choose how many there are (the addresses of From, say).
#pragma once

#include <span>
#include <string_view>

#include "port/table.h"

namespace mailweir {

// One of the things that are looked up together.
struct TableQuery {
  enum class Kind { address, ip, domain, word };
  Kind kind = Kind::word;
  const Address* address = nullptr;
  const IpAddress* ip = nullptr;
  std::string_view text{};  // a domain or a word
};

class BatchTable : public Table {
 public:
  // What the first of them that is there finds; in one call, or a few if they are very many. Beyond a bound: an outage.
  virtual Found find_first(std::span<const TableQuery> queries) const = 0;
};

}  // namespace mailweir

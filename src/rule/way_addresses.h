// SPDX-License-Identifier: BSD-2-Clause
// WayAddresses: whose mail takes a way out: senders, or recipients. A value.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "port/table.h"
#include "rule/way_keys.h"

namespace mailweir {

struct WayAddresses {
  std::vector<std::string> written;  // as in the policy file
  std::vector<std::string> entries;  // in one spelling: "a@b.example", "a@", "b.example", ".b.example", "*"
  std::vector<TablePtr> lists;

  bool empty() const { return entries.empty() && lists.empty(); }
  bool has_all() const { return std::ranges::find(entries, any_way) != entries.end(); }
};

}  // namespace mailweir

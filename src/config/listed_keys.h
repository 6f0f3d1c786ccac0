// SPDX-License-Identifier: BSD-2-Clause
// ListedKey: what can be said of a key of the policy file without a file, for lists of keys.
#pragma once

#include <string>
#include <vector>

namespace mailweir {

struct ListedKey {
  std::string name, range;  // "0s to 10m"; "": not bounded by two values
  bool needs_restart;
};

struct ListedSection {
  std::string name;  // "general", "dkim.key"
  std::vector<ListedKey> keys;
};

// Those of mailweir.toml(5), and the tables of a rule: mailweir-rules(5).
std::vector<ListedSection> listed_sections();
std::vector<ListedSection> listed_rule_tables();

}  // namespace mailweir

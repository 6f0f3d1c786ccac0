// SPDX-License-Identifier: BSD-2-Clause
// ListedKey: what can be said of a key of the policy file without one, for whoever lists them.
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

// All whose keys are rows; those of [[rule]] are not.
std::vector<ListedSection> listed_sections();

}  // namespace mailweir

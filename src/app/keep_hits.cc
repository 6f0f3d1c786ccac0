// SPDX-License-Identifier: BSD-2-Clause
#include "app/keep_hits.h"

#include <memory>
#include <string_view>
#include <unordered_map>

namespace mailweir {

void keep_hits(const Policy& before, Policy& after) {
  std::unordered_map<std::string_view, std::shared_ptr<RuleHits>> hits;
  for (const auto& rules : before.rules)
    for (const Rule& rule : rules) hits.emplace(rule.name, rule.hits);
  for (auto& rules : after.rules)
    for (Rule& rule : rules)
      if (const auto found = hits.find(rule.name); found != hits.end()) rule.hits = found->second;
}

}  // namespace mailweir

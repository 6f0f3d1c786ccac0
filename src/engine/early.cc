// SPDX-License-Identifier: BSD-2-Clause
#include "engine/early.h"

#include <algorithm>
#include <array>

namespace mailweir {

void find_early_checks(Policy& policy) {
  constexpr std::array looked_up{
      FactId::iprev, FactId::helo_dns, FactId::sender_domain_dns,
      FactId::dnsbl, FactId::dnsbl_score, FactId::client_name_dnsbl, FactId::client_name_dnsbl_score, FactId::helo_dnsbl,
      FactId::helo_dnsbl_score, FactId::sender_dnsbl, FactId::sender_dnsbl_score, FactId::from_dnsbl, FactId::from_dnsbl_score,
  };
  for (const auto& rules : policy.rules) {
    for (const Rule& rule : rules) {
      for (const auto* conditions : {&rule.when, &rule.unless}) {
        for (const auto& table : conditions->tables) {
          for (const Cell& cell : table) {
            if (std::find(looked_up.begin(), looked_up.end(), cell.fact.id) == looked_up.end()) continue;
            const Door door = policy.judges(Door::policy, rule.at) ? Door::policy : Door::milter;
            const auto from = known_from(info(cell.fact.id), door);
            // A stage that the other door judges is not seen: the look-up starts at the first that is.
            Stage start = from.value_or(rule.at);
            while (start < rule.at && !policy.judges(door, start)) start = all_stages[index(start) + 1];
            policy.early[index(start)].push_back({&rule, &cell.fact});
          }
        }
      }
    }
  }
}

}  // namespace mailweir

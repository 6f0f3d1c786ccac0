// SPDX-License-Identifier: BSD-2-Clause
#include "config/known_fact.h"

#include <algorithm>

namespace mailweir {

Door door_of(const Policy& policy, Stage stage) {
  if (stage == Stage::auth) return Door::http;
  return policy.judges(Door::policy, stage) ? Door::policy : Door::milter;
}

bool is_known(const Policy& policy, const FactRef& fact, Stage stage) {
  if (fact.is_own()) {
    const auto& keys = policy.own_facts[fact.own].keys;
    return keys.empty() ||
           std::any_of(keys.begin(), keys.end(), [&](const FactRef& key) { return is_known(policy, key, stage); });
  }
  const auto from = known_from(fact.info(), door_of(policy, stage));
  return from && *from <= stage;
}

}  // namespace mailweir

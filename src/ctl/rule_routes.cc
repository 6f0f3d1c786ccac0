// SPDX-License-Identifier: BSD-2-Clause
#include "ctl/rule_routes.h"

#include <map>

namespace mailweir {

std::vector<NamedRoute> routes_of_rules(const Policy& policy) {
  std::map<std::string, NamedRoute> named;
  for (const Stage stage : all_stages)
    for (const Rule& rule : policy.at(stage))
      for (const RuleEffect& effect : rule.effects)
        if (const auto* route = std::get_if<Route<Template>>(&effect); route != nullptr && route->named)
          named.emplace(route->named->name, *route->named);
  std::vector<NamedRoute> routes;
  for (const auto& [name, route] : named) routes.push_back(route);
  return routes;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "config/key_store.h"

#include <utility>

#include "config/sections.h"

namespace mailweir {

StatedKeysPtr make_key_store(const std::vector<const toml::table*>& dkim, const Makings& makings,
                             const RedisPlace& redis, Policy& policy, Problems& problems) {
  const std::string_view named = policy.key_folder;
  if (named.empty()) return nullptr;
  const auto place_of_key = [&](const char* key) {
    for (const auto* table : dkim)
      if (const auto* node = table->get(key)) return place_of(*node);
    return Place();
  };
  const std::string rest(named.substr(named.find(':') + 1));
  StatedKeys::Parts parts;
  if (named.starts_with("redis:")) {
    RedisPlace place = redis;
    place.key = rest;
    Made<KeysInRedis> made;
    if (place.url.empty())
      made.errors.push_back(
          "needs a Redis server: set [redis] url = \"redis+unix:/PATH\", or keep the counters in Redis");
    else made = makings.builders.redis_keys(place, policy.key_cache);
    for (const auto& error : made.errors) problems.error(place_of_key("keys"), "dkim.keys", error);
    if (!policy.key_states.empty())
      problems.error(place_of_key("states"), "dkim.states",
                     "is not possible with keys in Redis, which has their states, too, so that all nodes agree; "
                     "remove this");
    parts = {std::move(made.object.keys), std::move(made.object.states), redis.deadline};
  } else {
    for (const auto& odd : makings.builders.odd_key_names(rest))
      problems.warning(place_of_key("keys"), "dkim.keys", odd);
    auto& states = policy.key_states;
    if (states.empty()) states = "dkim-states.sqlite";
    if (!states.starts_with('/')) states = makings.general.state_directory + '/' + states;
    parts.keys = makings.builders.key_folder(rest, policy.key_cache, makings.general.user);
    parts.states = makings.builders.key_states(states);
  }
  if (!parts.keys) return nullptr;
  return std::make_shared<StatedKeys>(std::move(parts), policy.key_propagation, policy.key_cache, system_clock());
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/table_sources.h"

#include <algorithm>

#include "adapter/builders/redis_keys.h"
#include "adapter/builders/redis_states.h"

namespace mailweir {
namespace {

// Of each server once.
template <typename Server>
TableSources::Evictions evictions_of(const std::vector<std::shared_ptr<Server>>& servers,
                                     std::chrono::milliseconds deadline) {
  TableSources::Evictions found;
  for (const auto& server : servers) {
    const auto told = [&](const auto& one) { return one.first == server->server(); };
    if (std::any_of(found.begin(), found.end(), told)) continue;
    found.emplace_back(server->server(), server->evicts(Deadline::in(deadline)));
  }
  return found;
}

}  // namespace

Made<TablePtr> TableSources::file(const std::string& path, TableKind kind) {
  auto loaded = files_.get(path, kind);
  return {std::move(loaded.table), std::move(loaded.errors), std::move(loaded.warnings)};
}

Made<TablePtr> TableSources::redis(const RedisPlace& place, TableKind kind) {
  Made<TablePtr> made;
  servers_.with([&](auto& servers) {
    std::erase_if(servers, [](const UsedServer& used) { return used.tables.expired(); });
    const auto known = std::find_if(servers.begin(), servers.end(), [&](const UsedServer& used) {
      return used.url == place.url && used.deadline == place.deadline && used.password_file == place.password_file &&
             used.user == place.user;
    });
    auto server = known == servers.end() ? nullptr : known->tables.lock();
    if (!server) {
      RedisTablesConfig config;
      config.url = place.url;
      config.deadline = place.deadline;
      config.user = place.user;
      config.password_file = place.password_file;
      auto opened = make_redis_tables(config, clock_, log_);
      if (!opened) {
        made.errors.push_back(opened.error().what);
        return;
      }
      server = std::move(*opened);
      servers.push_back({place.url, place.deadline, place.user, place.password_file, server});
    }
    made.object = server->table(place.key, kind);
  });
  return made;
}

Made<KeysInRedis> TableSources::keys(const RedisPlace& place, std::size_t most_domains) {
  Made<KeysInRedis> made;
  keys_.with([&](auto& all) {
    std::erase_if(all, [](const UsedKeys& used) { return used.keys.expired(); });
    for (const UsedKeys& used : all)
      if (used.place == place && used.most_domains == most_domains) {
        made.object = {used.keys.lock(), used.states.lock()};
        if (made.object.keys && made.object.states) return;
      }
    auto redis = KeyRedis::make(place, clock_, log_);
    if (!redis) {
      made.errors.push_back(redis.error().what);
      return;
    }
    made.object = {make_redis_keys(*redis, most_domains, clock_), make_redis_states(*redis)};
    all.push_back({place, most_domains, *redis, made.object.keys, made.object.states});
  });
  return made;
}

std::vector<std::shared_ptr<KeyRedis>> TableSources::used_keys() const {
  std::vector<std::shared_ptr<KeyRedis>> all;
  keys_.with([&](const auto& used) {
    for (const UsedKeys& one : used)
      if (auto redis = one.redis.lock()) all.push_back(std::move(redis));
  });
  return all;
}

std::vector<KeyServer> TableSources::key_servers() const {
  std::vector<KeyServer> found;
  for (const auto& redis : used_keys()) {
    auto one = std::ranges::find(found, redis->server(), &KeyServer::name);
    if (one == found.end()) one = found.insert(found.end(), KeyServer{redis->server()});
    one->up = redis->stats().up;
    one->asked += redis->stats().asked;
    one->errors += redis->stats().errors;
  }
  return found;
}

TableSources::Evictions TableSources::key_evictions(std::chrono::milliseconds deadline) const {
  return evictions_of(used_keys(), deadline);
}

Result<CountriesPtr> TableSources::countries(const std::string& path) {
  return countries_.with([&](auto& files) -> Result<CountriesPtr> {
    // Opened even if it is shared: a reload must say that the file is broken.
    auto opened = open_country_file(path);
    if (!opened) return opened.error();
    std::erase_if(files, [](const auto& file) { return file.second.expired(); });
    if (auto used = files[path].lock()) {
      used->refresh(log_);
      return CountriesPtr(std::move(used));
    }
    files[path] = *opened;
    return CountriesPtr(*std::move(opened));
  });
}

void TableSources::refresh() {
  files_.refresh(log_);
  countries_.with([&](auto& files) {
    for (auto& [path, file] : files)
      if (const auto used = file.lock()) used->refresh(log_);
  });
}

std::vector<std::shared_ptr<RedisTables>> TableSources::used() const {
  std::vector<std::shared_ptr<RedisTables>> all;
  servers_.with([&](const auto& servers) {
    for (const UsedServer& used : servers)
      if (auto tables = used.tables.lock()) all.push_back(std::move(tables));
  });
  return all;
}

TableSources::Evictions TableSources::evictions(std::chrono::milliseconds deadline) const {
  return evictions_of(used(), deadline);
}

Result<bool> TableSources::make_empty(const std::string& key) const {
  const auto all = used();
  if (all.empty()) return Error{"the policy has no list or map in Redis"};
  return all.back()->make_empty(key);
}

std::vector<ListServer> TableSources::servers() const {
  std::vector<ListServer> found;
  servers_.with([&](const auto& servers) {
    for (const UsedServer& used : servers) {
      const auto tables = used.tables.lock();
      if (!tables) continue;
      auto one = std::find_if(found.begin(), found.end(),
                              [&](const ListServer& other) { return other.name == tables->server(); });
      if (one == found.end()) one = found.insert(found.end(), ListServer{tables->server()});
      one->up = tables->stats().up;
      one->asked += tables->stats().asked;
      one->errors += tables->stats().errors;
    }
  });
  return found;
}

}  // namespace mailweir

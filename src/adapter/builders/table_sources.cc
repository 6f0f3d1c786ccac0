// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/table_sources.h"

#include <algorithm>

namespace mailweir {

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

std::vector<std::pair<std::string, Result<std::string>>> TableSources::evictions(
    std::chrono::milliseconds deadline) const {
  std::vector<std::pair<std::string, Result<std::string>>> found;
  for (const auto& tables : used()) {
    const auto told = [&](const auto& one) { return one.first == tables->server(); };
    if (std::any_of(found.begin(), found.end(), told)) continue;
    found.emplace_back(tables->server(), tables->evicts(Deadline::in(deadline)));
  }
  return found;
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

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table_sources.h"

namespace mailweir {

Made<TablePtr> TableSources::file(const std::string& path, TableKind kind) {
  auto loaded = files_.get(path, kind);
  return {std::move(loaded.table), std::move(loaded.errors), std::move(loaded.warnings)};
}

Made<TablePtr> TableSources::redis(const RedisPlace& place, TableKind kind) {
  Made<TablePtr> made;
  servers_.with([&](auto& servers) {
    auto& server = servers[{place.url, place.deadline}];
    if (!server) {
      RedisTablesConfig config;
      config.url = place.url;
      config.deadline = place.deadline;
      auto opened = make_redis_tables(config, clock_, log_);
      if (!opened) {
        made.errors.push_back(opened.error().what);
        return;
      }
      server = std::move(*opened);
    }
    made.object = server->table(place.key, kind);
  });
  return made;
}

void TableSources::each_server(const std::function<void(const RedisTables&)>& visit) const {
  servers_.with([&](const auto& servers) {
    for (const auto& [url, server] : servers)
      if (server) visit(*server);
  });
}

}  // namespace mailweir

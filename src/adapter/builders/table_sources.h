// SPDX-License-Identifier: BSD-2-Clause
// TableSources: where the lists, maps and country databases of all policies come from: files, and Redis servers; also
// the signing keys that are in Redis. One for a process; what a reload finds unchanged is shared. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapter/builders/key_redis.h"
#include "adapter/builders/maxminddb_countries.h"
#include "adapter/builders/redis_tables.h"
#include "adapter/table/table_cache.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/metric.h"
#include "port/builders.h"

namespace mailweir {

// A Redis server of lists, as status and metrics tell it.
struct ListServer {
  std::string name;  // its URL without the password
  bool up = false;   // as the newest policy that uses it finds it
  std::uint64_t asked = 0, errors = 0;
};
inline constexpr Metric<ListServer> list_server_metrics[] = {
    {"server", as_label("store"), via<&ListServer::name>},
    {"up", as_gauge("mailweir_list_store_up", "Whether the Redis server of lists answers"), via<&ListServer::up>},
    {"asked", via<&ListServer::asked>},
    {"errors", as_counter("mailweir_list_store_errors_total", "Lookups in it that failed"), via<&ListServer::errors>},
};

// A Redis server of signing keys.
struct KeyServer {
  std::string name;
  bool up = false;
  std::uint64_t asked = 0, errors = 0;
};
inline constexpr Metric<KeyServer> key_server_metrics[] = {
    {"server", as_label("store"), via<&KeyServer::name>},
    {"up", as_gauge("mailweir_key_store_up", "Whether the Redis server of signing keys answers"), via<&KeyServer::up>},
    {"asked", via<&KeyServer::asked>},
    {"errors", as_counter("mailweir_key_store_errors_total", "Times that it did not answer"), via<&KeyServer::errors>},
};

class TableSources {
 public:
  // The clock must outlive it.
  explicit TableSources(const Clock& clock) : clock_(clock), files_(clock) {}

  // Where its lines go; null, and at first: nowhere. The log may be younger than the first policy.
  void use_log(Log* log) { log_.to = log; }
  Made<TablePtr> file(const std::string& path, TableKind kind);
  Made<TablePtr> redis(const RedisPlace& place, TableKind kind);
  Made<KeysInRedis> keys(const RedisPlace& place, std::size_t most_domains);
  // A database that is in use already is shared, as it stands in the file now.
  Result<CountriesPtr> countries(const std::string& path);
  // To be called about twice a second: picks up files that changed.
  void refresh();
  const TableCache& files() const { return files_; }
  std::vector<RefusedFile> refused_files() const { return files_.refused_files(); }
  // The Redis servers that a table still uses, one for each URL.
  std::vector<ListServer> servers() const;
  // The policy by which each evicts keys, "" for none, or why it cannot be asked. Each is asked for at most `deadline`.
  using Evictions = std::vector<std::pair<std::string, Result<std::string>>>;
  Evictions evictions(std::chrono::milliseconds deadline) const;
  // The same of the servers of signing keys.
  std::vector<KeyServer> key_servers() const;
  Evictions key_evictions(std::chrono::milliseconds deadline) const;
  // RedisTables::make_empty of the newest server.
  Result<bool> make_empty(const std::string& key) const;

 private:
  struct LateLog final : Log {
    std::atomic<Log*> to{nullptr};
    void write(Severity severity, std::string_view line) override {
      if (Log* log = to) log->write(severity, line);
    }
  };
  const Clock& clock_;
  LateLog log_;
  TableCache files_;
  Guarded<std::map<std::string, std::weak_ptr<CountryFile>>> countries_;
  // Kept alive by their tables: with the last policy that has one, its server goes. In the order in which they were
  // made.
  struct UsedServer {
    std::string url;
    std::chrono::milliseconds deadline;
    std::string user, password_file;
    std::weak_ptr<RedisTables> tables;
  };
  std::vector<std::shared_ptr<RedisTables>> used() const;

  Guarded<std::vector<UsedServer>> servers_;

  // Kept alive by its keys.
  struct UsedKeys {
    RedisPlace place;
    std::size_t most_domains;
    std::weak_ptr<KeyRedis> redis;
    std::weak_ptr<KeyStore> keys;
    std::weak_ptr<KeyStates> states;
  };
  std::vector<std::shared_ptr<KeyRedis>> used_keys() const;
  Guarded<std::vector<UsedKeys>> keys_;
};

}  // namespace mailweir

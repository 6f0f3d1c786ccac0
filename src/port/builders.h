// SPDX-License-Identifier: BSD-2-Clause
// Builders: how the loader gets what floor 3 makes (lists, patterns, keys) without knowing any adapter:
// adapter/builders/make_builders.h fills it in. A run of the loader uses it from one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "port/countries.h"
#include "port/host_list.h"
#include "port/key_states.h"
#include "port/key_store.h"
#include "port/pattern.h"
#include "port/signature_judge.h"
#include "port/signer.h"
#include "port/spf.h"
#include "port/table.h"

namespace mailweir {

// What reading a table or a key found; errors and warnings already say "file:line:column: why".
template <typename T>
struct Made {
  T object{};
  std::vector<std::string> errors, warnings;
};

// Where a list or map, or signing keys, live in Redis.
struct RedisPlace {
  std::string url, key;
  std::chrono::milliseconds deadline{100};  // of one lookup
  std::string user{}, password_file{};      // where the URL has none: those of [counters]
  bool operator==(const RedisPlace&) const = default;
};

struct KeysInRedis {
  KeyStorePtr keys;
  KeyStatesPtr states;
};

struct Builders {
  std::function<Result<PatternPtr>(std::string_view regex)> pattern;
  std::function<Made<TablePtr>(const std::string& path, TableKind kind)> read_table;
  std::function<Made<TablePtr>(const RedisPlace& place, TableKind kind)> redis_table;
  std::function<Made<TablePtr>(const std::vector<std::pair<std::string, std::string>>& entries, TableKind kind)>
      make_table;
  // `user`: a name that may not exist; root, the process and this user may own a key. `group`: the daemon's, for
  // advice.
  std::function<Made<SignerPtr>(const std::string& path, const std::string& user, const std::string& group)> read_key;
  // Keys by place, DIRECTORY/DOMAIN/SELECTOR.pem, of which so many domains are kept in memory. `user` is the daemon's:
  // his keys are good for root, too, who asks in his place.
  std::function<KeyStorePtr(const std::string& directory, std::size_t most_domains, const std::string& user)>
      key_folder;
  // The first line of a file with a password; its owner and mode as a key's.
  std::function<Made<std::string>(const std::string& path, const std::string& user, const std::string& group)>
      read_password;
  // How far those keys have come, kept in this file.
  std::function<KeyStatesPtr(const std::string& file)> key_states;
  // The same two in Redis; `place.key` is their prefix there.
  std::function<Made<KeysInRedis>(const RedisPlace& place, std::size_t most_domains)> redis_keys;
  std::function<Made<AuthorKeySourcePtr>(const OpendkimTablesPlace& place)> opendkim_tables;
  std::function<Made<HostListPtr>(std::string_view setting, std::string_view value)> opendkim_hosts;
  // Names there that no mail finds, as "PLACE: why".
  std::function<std::vector<std::string>(const std::string& directory)> odd_key_names;
  std::function<SpfEnginePtr()> libspf2;
  std::function<Result<SignatureJudgePtr>()> libopendkim;
  std::function<Result<CountriesPtr>(const std::string& path)> countries;
};

}  // namespace mailweir

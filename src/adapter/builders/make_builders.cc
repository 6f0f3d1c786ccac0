// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/builders/make_builders.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/keys/key_cache.h"
#include "adapter/keys/key_folder.h"
#include "adapter/keys/key_rights.h"
#include "adapter/keys/odd_names.h"
#include "adapter/keys/opendkim_hosts.h"
#include "adapter/keys/opendkim_tables.h"
#include "adapter/keys/sqlite_states.h"
#include "adapter/libspf2/libspf2_engine.h"
#include "adapter/table/expiry.h"
#include "adapter/table/re2_pattern.h"
#include "adapter/table/table.h"
#include "adapter/verify/opendkim_judge.h"
#include "base/file.h"

namespace mailweir {
namespace {

Made<TablePtr> inline_table(const std::vector<std::pair<std::string, std::string>>& entries, TableKind kind,
                            const Clock& clock) {
  Made<TablePtr> result;
  std::vector<TableEntry> views;
  for (const auto& [key, value] : entries) {
    const auto text = take_until(kind == TableKind::list ? key : value);
    if (!text) result.errors.push_back("entry " + std::to_string(views.size() + 1) + ": " + text.error().what);
    if (!text || !text->until) views.push_back({key, value, {}});
    else if (kind == TableKind::list) views.push_back({text->text, value, text->until});
    else views.push_back({key, text->text, text->until});
  }
  auto made = make_table(views, kind, clock);
  result.object = std::move(made.table);
  const auto told = [](const EntryFault& fault) { return "entry " + std::to_string(fault.line) + ": " + fault.what; };
  for (const auto& fault : made.faults) result.errors.push_back(told(fault));
  for (const auto& warning : made.warnings) result.warnings.push_back(told(warning));
  if (made.more_faults > 0) result.errors.push_back("and " + std::to_string(made.more_faults) + " more");
  return result;
}

// What is wrong with its owner or mode is an error, as of a key.
Made<std::string> password(const std::string& path, const std::string& user, const std::string& group) {
  Made<std::string> made;
  struct stat status {};
  auto line = first_line(path);
  if (!line) {
    made.errors.push_back(line.error().what);
    return made;
  }
  if (line->empty()) made.errors.push_back(path + ": the first line is empty; it must contain the password");
  if (::stat(path.c_str(), &status) != 0) {
    made.errors.push_back(path + ": " + std::strerror(errno));
    return made;
  }
  if (auto why = objection_to_mode(status, path, group, "password"); !why.empty())
    made.errors.push_back(path + ": " + why);
  const passwd* entry = ::getpwnam(user.c_str());
  const bool is_ours =
      status.st_uid == 0 || status.st_uid == ::geteuid() || (entry != nullptr && status.st_uid == entry->pw_uid);
  if (!is_ours)
    made.errors.push_back(path + ": belongs to user " + owner_name(status.st_uid) +
                          ", who can replace this password; "
                          "run: chown root " +
                          path);
  made.object = *std::move(line);
  return made;
}

// What is in memory of a folder, and of tables, outlives a reload.
using KeptTables = std::map<std::tuple<std::string, std::string, bool, std::size_t>, std::weak_ptr<OpendkimTables>>;
using KeyFolders = std::map<std::pair<std::string, std::size_t>, std::weak_ptr<KeyStore>>;

}  // namespace

Builders make_builders(const Clock& clock, std::shared_ptr<TableSources> sources) {
  if (!sources) sources = std::make_shared<TableSources>(clock);
  Builders builders;
  builders.pattern = [](std::string_view regex) { return make_pattern(regex); };
  builders.read_table = [sources](const std::string& path, TableKind kind) { return sources->file(path, kind); };
  builders.redis_table = [sources](const RedisPlace& place, TableKind kind) { return sources->redis(place, kind); };
  builders.make_table = [&clock](const auto& entries, TableKind kind) { return inline_table(entries, kind, clock); };
  builders.read_key = [cache = std::make_shared<KeyCache>(clock)](const std::string& path, const std::string& user,
                                                                  const std::string& group) {
    Made<SignerPtr> made;
    auto loaded = cache->get(path, user, group);
    if (!loaded) made.errors.push_back(loaded.error().what);
    else made = {std::move(loaded->signer), {}, std::move(loaded->warnings)};
    return made;
  };
  builders.read_password = password;
  builders.key_folder = [&clock, folders = std::make_shared<KeyFolders>()](
                            const std::string& directory, std::size_t most_domains, const std::string& user) {
    auto& kept = (*folders)[{directory, most_domains}];
    auto folder = kept.lock();
    if (!folder) {
      KeyFolderConfig config{.path = directory, .most_domains = most_domains};
      if (const passwd* entry = ::geteuid() == 0 ? ::getpwnam(user.c_str()) : nullptr) config.owner = entry->pw_uid;
      kept = folder = make_key_folder(config, clock);
    }
    return folder;
  };
  builders.key_states =
      [&clock, files = std::make_shared<std::map<std::string, std::weak_ptr<KeyStates>>>()](const std::string& path) {
        auto& kept = (*files)[path];
        auto states = kept.lock();
        if (!states) kept = states = make_sqlite_states({.path = path}, clock);
        return states;
      };
  builders.redis_keys = [sources](const RedisPlace& place, std::size_t most_domains) {
    return sources->keys(place, most_domains);
  };
  builders.opendkim_tables = [&clock, tables = std::make_shared<KeptTables>()](const OpendkimTablesPlace& place) {
    Made<AuthorKeySourcePtr> made;
    auto& kept = (*tables)[{place.key_table, place.signing_table, place.multiple_signatures, place.most_keys}];
    auto known = kept.lock();
    if (!known) {
      auto fresh = make_opendkim_tables(
          {place.key_table, place.signing_table, place.multiple_signatures, place.most_keys}, clock);
      if (!fresh) made.errors.push_back(fresh.error().what);
      else kept = known = std::move(*fresh);
    }
    if (known) made.warnings = known->errors();
    made.object = std::move(known);
    return made;
  };
  builders.opendkim_hosts = [](std::string_view setting, std::string_view value) {
    Made<HostListPtr> made;
    auto loaded = read_opendkim_hosts(setting, value);
    if (loaded) return Made<HostListPtr>{std::move(loaded->hosts), {}, std::move(loaded->warnings)};
    // The place of the error names the setting.
    std::string_view why = loaded.error().what;
    const auto start = std::string(setting) + ": ";
    if (why.starts_with(start)) why.remove_prefix(start.size());
    made.errors.emplace_back(why);
    return made;
  };
  builders.odd_key_names = [](const std::string& directory) {
    return odd_names(directory, Deadline::in(std::chrono::milliseconds(100)));
  };
  builders.libspf2 = make_libspf2_engine;
  builders.libopendkim = make_opendkim_judge;
  builders.countries = [sources](const std::string& path) { return sources->countries(path); };
  return builders;
}

}  // namespace mailweir

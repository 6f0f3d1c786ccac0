// SPDX-License-Identifier: BSD-2-Clause
// A policy file of any text: errors that name the file, or a policy; and what `mailweirctl config` prints of it is
// read as the same. What it names (files, servers) is not opened here.
#include "adapter/builders/make_builders.h"
#include "base/text.h"
#include "config/load.h"
#include "target.h"
#include "temp_file.h"

namespace mailweir {
namespace {

using fuzz::must;

Builders fuzz_builders() {
  auto made = make_builders(system_clock());
  made.read_table = [](const std::string&, TableKind kind) {
    const auto table = make_table({}, kind);
    return Made<TablePtr>{table.table, {}, {}};
  };
  made.redis_table = [](const RedisPlace&, TableKind kind) {
    const auto table = make_table({}, kind);
    return Made<TablePtr>{table.table, {}, {}};
  };
  made.read_key = [](const std::string& path, const std::string&, const std::string&) {
    return Made<SignerPtr>{nullptr, {path + ": not here"}, {}};
  };
  made.key_folder = [](const std::string&, std::size_t, const std::string&) { return KeyStorePtr(); };
  made.key_states = [](const std::string&) { return KeyStatesPtr(); };
  made.redis_keys = [](const RedisPlace&, std::size_t) { return Made<KeysInRedis>{{}, {"not here"}, {}}; };
  made.opendkim_tables = [](const OpendkimTablesPlace&) {
    return Made<AuthorKeySourcePtr>{nullptr, {"key_table: not here"}, {}};
  };
  made.opendkim_hosts = [](std::string_view, std::string_view) { return Made<HostListPtr>{nullptr, {"not here"}, {}}; };
  made.odd_key_names = [](const std::string&) { return std::vector<std::string>(); };
  made.countries = [](const std::string& path) { return Result<CountriesPtr>(Error{path + ": not here"}); };
  return made;
}

Loaded read(std::string_view text) {
  static const fuzz::TempFile file;
  static const Builders builders = fuzz_builders();
  file.write(text);
  auto loaded = load(file.path(), builders);
  must(loaded.errors.empty() == (loaded.policy != nullptr) && loaded.config.has_value() == (loaded.policy != nullptr));
  for (const auto* lines : {&loaded.errors, &loaded.warnings})
    for (const auto& line : *lines) {
      must(line.starts_with(file.path()) && fuzz::is_printable(line));
      must(line.size() < 2000 + text.size());
    }
  return loaded;
}

}  // namespace

const std::size_t fuzz::changes = 1'500;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  if (text.find("include") != text.npos) return 0;  // of whatever this machine has
  const auto loaded = read(text);
  if (!loaded.policy) return 0;
  const auto again = read(loaded.effective);
  fuzz::must(again.policy != nullptr);
  const auto bare = [](const std::string& effective) {  // without the comments, which name lines
    std::string kept;
    for (const auto line : split(effective, '\n'))
      if (!line.starts_with("# ")) kept += std::string(line) + '\n';
    return kept;
  };
  fuzz::must(bare(again.effective) == bare(loaded.effective));
  return 0;
}

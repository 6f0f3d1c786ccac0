// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/make_workshop.h"

#include <memory>

#include "adapter/key_cache.h"
#include "adapter/re2_pattern.h"
#include "adapter/table.h"
#include "adapter/table_cache.h"

namespace mailweir {
namespace {

Made<TablePtr> inline_table(const std::vector<std::pair<std::string, std::string>>& entries, TableKind kind) {
  std::vector<TableEntry> views;
  for (const auto& [key, value] : entries) views.push_back({key, value});
  auto made = make_table(views, kind);
  Made<TablePtr> result;
  result.object = std::move(made.table);
  const auto told = [](const EntryFault& fault) { return "entry " + std::to_string(fault.line) + ": " + fault.what; };
  for (const auto& fault : made.faults) result.errors.push_back(told(fault));
  for (const auto& warning : made.warnings) result.warnings.push_back(told(warning));
  if (made.more_faults > 0) result.errors.push_back("and " + std::to_string(made.more_faults) + " more");
  return result;
}

}  // namespace

Workshop make_workshop(const Clock& clock) {
  Workshop workshop;
  workshop.pattern = [](std::string_view regex) { return make_pattern(regex); };
  workshop.read_table = [cache = std::make_shared<TableCache>(clock)](const std::string& path, TableKind kind) {
    auto loaded = cache->get(path, kind);
    return Made<TablePtr>{std::move(loaded.table), std::move(loaded.errors), std::move(loaded.warnings)};
  };
  workshop.make_table = inline_table;
  workshop.read_key = [cache = std::make_shared<KeyCache>(clock)](const std::string& path) {
    Made<SignerPtr> made;
    auto loaded = cache->get(path);
    if (!loaded) made.errors.push_back(loaded.error().what);
    else made = {std::move(loaded->signer), {}, std::move(loaded->warnings)};
    return made;
  };
  return workshop;
}

}  // namespace mailweir

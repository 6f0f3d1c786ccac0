// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table_cache.h"

namespace mailweir {

LoadedTable TableCache::get(const std::string& path, TableKind kind) {
  const auto name = std::pair(path, kind);
  if (auto table = files_.find(name, path)) return {std::move(table), {}, {}, {}};
  ++reads_;
  auto loaded = read_table(path, kind);
  files_.keep(name, loaded.stamp, loaded.table);
  return loaded;
}

}  // namespace mailweir

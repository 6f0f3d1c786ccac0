// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table_cache.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::chrono::seconds settling{2};  // more than the step of any file system's times

}  // namespace

LoadedTable TableCache::get(const std::string& path, TableKind kind) {
  std::erase_if(kept_, [](const auto& entry) { return entry.second.table.expired(); });
  const auto key = std::pair(path, kind);
  if (const auto kept = kept_.find(key); kept != kept_.end()) {
    auto table = kept->second.table.lock();
    const auto stamp = file_stamp(path);
    if (table && stamp && *stamp == kept->second.stamp) return {std::move(table), {}, {}, *stamp};
  }
  ++reads_;
  auto loaded = read_table(path, kind);
  const auto changed = WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::nanoseconds(std::max(loaded.stamp.modified, loaded.stamp.changed))));
  if (loaded.table && changed + settling <= clock_.wall()) kept_[key] = {loaded.stamp, loaded.table};
  else kept_.erase(key);
  return loaded;
}

}  // namespace mailweir

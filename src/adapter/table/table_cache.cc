// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/table/table_cache.h"

#include <algorithm>
#include <utility>

namespace mailweir {

void TableCache::refuse(const Key& key, const std::vector<std::string>& errors, Log& log) {
  refusals_.with([&](auto& all) { all[key] = errors.front(); });
  Event("list-refused")
      .with("file", key.first)
      .with("errors", static_cast<std::int64_t>(errors.size()))
      .with("first", errors.front())
      .with("what", "the old content stays")
      .to(log, Severity::error);
}

std::vector<RefusedFile> TableCache::refused_files() const {
  std::vector<RefusedFile> refused;
  refusals_.with([&](const auto& all) {
    for (const auto& [key, reason] : all) refused.push_back({key.first, reason});
  });
  return refused;
}

LoadedTable TableCache::get(const std::string& path, TableKind kind) {
  const std::lock_guard lock(mutex_);
  for (auto file = files_.begin(); file != files_.end();) {
    std::erase_if(file->second.tables, [](const Kept& kept) { return kept.table.expired(); });
    const bool unused = file->second.tables.empty();
    if (unused) is_good(file->first);
    file = unused ? files_.erase(file) : std::next(file);
  }
  const auto key = std::pair(path, kind);
  if (const auto file = files_.find(key); file != files_.end()) {
    const Kept& newest = file->second.tables.back();
    auto table = newest.table.lock();
    const auto stamp = file_stamp(path);
    if (table && stamp && newest.sure && *stamp == newest.stamp) return {std::move(table), {}, {}, *stamp, false};
  }
  ++reads_;
  auto loaded = read_table(path, kind, clock_);
  if (!loaded.table) return loaded;
  const auto live = std::make_shared<LiveTable>(std::move(loaded.table));
  File& file = files_[key];
  file.tables.push_back({loaded.stamp, has_settled(loaded.stamp, clock_.wall()), live});
  file.seen = loaded.stamp;
  file.refused.reset();
  is_good(key);
  loaded.table = live;
  return loaded;
}

void TableCache::refresh(Log& log) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, file] : files_) {
    std::erase_if(file.tables, [](const Kept& kept) { return kept.table.expired(); });
    if (!file.tables.empty()) refresh(key.first, key.second, file, log);
    else is_good(key);
  }
}

void TableCache::refresh(const std::string& path, TableKind kind, File& file, Log& log) {
  const auto stamp = file_stamp(path);
  if (!stamp) {
    if (!file.told_missing) refuse({path, kind}, {path + ": cannot be read any more"}, log);
    file.told_missing = true;
    file.seen.reset();
    return;
  }
  if (std::exchange(file.told_missing, false)) is_good({path, kind});
  const bool renamed = !file.seen || file.seen->inode != stamp->inode || file.seen->device != stamp->device;
  const bool still = file.seen == stamp;
  file.seen = stamp;
  // One that was read just after it was written is read once more, when its times can be believed.
  const bool settled = has_settled(*stamp, clock_.wall());
  const bool stale = std::any_of(file.tables.begin(), file.tables.end(),
                                 [&](const Kept& kept) { return kept.stamp != *stamp || (!kept.sure && settled); });
  if (!stale || file.refused == stamp) return;
  if ((!renamed && !still) || clock_.steady() < file.next_read) return;
  take(path, kind, file, *stamp, log);
}

void TableCache::take(const std::string& path, TableKind kind, File& file, const FileStamp& stamp, Log& log) {
  const auto start = clock_.steady();
  ++reads_;
  const auto loaded = read_table(path, kind, clock_);
  const auto end = clock_.steady();
  file.next_read = end + 10 * (end - start);
  if (loaded.busy) return;
  if (!loaded.table) {
    file.refused = stamp;
    ++stats_.refused;
    return refuse({path, kind}, loaded.errors, log);
  }
  bool changed = false;
  for (Kept& kept : file.tables) {
    const auto live = kept.table.lock();
    if (!live || (kept.stamp == loaded.stamp && kept.sure)) continue;
    if (const auto offered = live->offer(loaded.table); !offered) {
      file.refused = stamp;
      ++stats_.refused;
      return refuse({path, kind}, {offered.error().what}, log);
    }
    changed = changed || kept.stamp != loaded.stamp;
    kept.stamp = loaded.stamp;
    kept.sure = has_settled(loaded.stamp, clock_.wall());
  }
  file.refused.reset();
  is_good({path, kind});
  if (!changed) return;
  ++stats_.refreshed;
  Event("list-read")
      .with("file", path)
      .with("entries", static_cast<std::int64_t>(loaded.table->size()))
      .with("warnings", static_cast<std::int64_t>(loaded.warnings.size()))
      .to(log, Severity::notice);
}

}  // namespace mailweir

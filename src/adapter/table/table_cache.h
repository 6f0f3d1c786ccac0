// SPDX-License-Identifier: BSD-2-Clause
// TableCache: the tables that come from files. A reload shares those whose files did not change, and refresh(), called
// by a thread about twice a second, puts the new content of a file that changed into the tables in use: no reload is
// needed. It keeps no table alive: what no policy uses any more is freed. Thread-safe.
//
// A file that was renamed into place is read at once; one that is written where it stands is read when it has not
// changed between two calls. A bad file is refused, and the old content stays. A file's times move in steps of some
// milliseconds: a file written twice within one step can change and keep its stamp. So what was written shortly before
// it was read is read again.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapter/table/live_table.h"
#include "adapter/table/table_file.h"
#include "base/clock.h"
#include "base/file_stamp.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/metric.h"

namespace mailweir {

struct TableStats {
  std::atomic<std::uint64_t> refreshed{0}, refused{0};
};
inline constexpr Metric<TableStats> table_metrics[] = {
    {"files_refreshed",
     as_counter("mailweir_list_files_read_total", "List files that were read again because they changed"),
     via<&TableStats::refreshed>},
    {"files_refused", as_counter("mailweir_list_files_refused_total", "List files that changed and were bad"),
     via<&TableStats::refused>},
};

// A file in use that is bad as it stands now.
struct RefusedFile {
  std::string path, reason;
};
inline constexpr Metric<RefusedFile> refused_file_metrics[] = {{"file", via<&RefusedFile::path>},
                                                               {"reason", via<&RefusedFile::reason>}};

class TableCache {
 public:
  // The clock must outlive the cache.
  explicit TableCache(const Clock& clock) : clock_(clock) {}

  // As read_table, but a table that changes with its file. A shared table brings no warnings again.
  LoadedTable get(const std::string& path, TableKind kind);
  // Looks after the files of all tables in use. A file is read at most as often as takes a tenth of this thread's time.
  void refresh(Log& log);
  // Files read, not shared, since the start.
  std::size_t reads() const { return reads_; }
  const TableStats& stats() const { return stats_; }
  // Does not wait for a file that is being read.
  std::vector<RefusedFile> refused_files() const;

 private:
  struct Kept {
    FileStamp stamp;    // of what is in it
    bool sure = false;  // its times were old enough to be believed
    std::weak_ptr<LiveTable> table;
  };
  struct File {
    std::vector<Kept> tables;          // the newest last; older ones are those of policies that are still in use
    std::optional<FileStamp> seen;     // by the last refresh: nothing when it could not be opened
    std::optional<FileStamp> refused;  // bad: told, not to be read again
    bool told_missing = false;
    SteadyTime next_read{};
  };
  using Key = std::pair<std::string, TableKind>;
  void refresh(const std::string& path, TableKind kind, File& file, Log& log);
  void refuse(const Key& key, const std::vector<std::string>& errors, Log& log);
  void is_good(const Key& key) {
    refusals_.with([&](auto& all) { all.erase(key); });
  }
  void take(const std::string& path, TableKind kind, File& file, const FileStamp& stamp, Log& log);

  const Clock& clock_;
  std::mutex mutex_;
  std::map<Key, File> files_;
  Guarded<std::map<Key, std::string>> refusals_;  // of files in use: the reason
  std::atomic<std::size_t> reads_{0};
  TableStats stats_;
};

}  // namespace mailweir

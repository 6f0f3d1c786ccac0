// SPDX-License-Identifier: BSD-2-Clause
// TableCache: lets a reload share the tables whose files did not change. It keeps no table alive: what no policy uses any
// more is freed. One thread at a time.
//
// A file's times move in steps of some milliseconds: a file written twice within one step can change and keep its stamp.
// So what was written shortly before it was read is read again next time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "adapter/table_file.h"
#include "base/clock.h"

namespace mailweir {

class TableCache {
 public:
  // The clock must outlive the cache.
  explicit TableCache(const Clock& clock) : clock_(clock) {}

  // As read_table. A shared table brings no warnings again.
  LoadedTable get(const std::string& path, TableKind kind);
  // Files read, not shared, since the start.
  std::size_t reads() const { return reads_; }

 private:
  struct Kept {
    FileStamp stamp;
    std::weak_ptr<const Table> table;
  };
  const Clock& clock_;
  std::map<std::pair<std::string, TableKind>, Kept> kept_;
  std::size_t reads_ = 0;
};

}  // namespace mailweir

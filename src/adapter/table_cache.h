// SPDX-License-Identifier: BSD-2-Clause
// TableCache: tables from files, those shared whose files did not change (adapter/file_stamp.h says how). One thread at a time.
#pragma once

#include <string>
#include <utility>

#include "adapter/file_stamp.h"
#include "adapter/table_file.h"

namespace mailweir {

class TableCache {
 public:
  // The clock must outlive the cache.
  explicit TableCache(const Clock& clock) : files_(clock) {}

  // As read_table. A shared table brings no warnings again.
  LoadedTable get(const std::string& path, TableKind kind);
  // Files read, not shared, since the start.
  std::size_t reads() const { return reads_; }

 private:
  SharedFiles<std::pair<std::string, TableKind>, Table> files_;
  std::size_t reads_ = 0;
};

}  // namespace mailweir

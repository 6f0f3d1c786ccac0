// SPDX-License-Identifier: BSD-2-Clause
// Lists and maps from files: one entry a line, "key" in a list, "key value to the end of the line" in a map, like the
// source of a Postfix map; the last word may be until=TIME (adapter/table/expiry.h). "#" starts a comment at the start
// of a line or after a blank; blank lines are nothing. A key with blanks in it stands in quotes. UTF-8, at most 4096
// bytes a line; a byte order mark and CRLF are let through.
#pragma once

#include <string>
#include <vector>

#include "adapter/table/table.h"
#include "base/file_stamp.h"

namespace mailweir {

struct LoadedTable {
  TablePtr table;                     // null when there are errors
  std::vector<std::string> errors;    // "PATH: why" or "PATH:line:column: why"; at most 20, then one with the count
  std::vector<std::string> warnings;  // the same shapes
  FileStamp stamp;
  bool busy = false;  // an error, because the file was being written: try again
};

LoadedTable read_table(const std::string& path, TableKind kind, const Clock& clock = system_clock());

}  // namespace mailweir

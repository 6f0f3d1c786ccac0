// SPDX-License-Identifier: BSD-2-Clause
// DataSet: a table as opendkim 2.11 reads it ("DATA SETS" in opendkim(8)): rows of a key and a value, in their order.
//
//   file:PATH, /PATH   a row a line: the key to the first blank, the value after it
//   refile:PATH        the same, the keys are patterns; a line that begins with a blank is ignored
//   csl:LIST, LIST     KEY=VALUE,KEY=VALUE
//
// "#" starts a comment anywhere in a line; there are no continuation lines. opendkim cuts lines after 1023 bytes and
// takes the rest as a row of its own; here a line ends where it ends, as keys in the table need more. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_stamp.h"
#include "base/result.h"

namespace mailweir {

enum class DataSetKind { list, file, patterns };

// What a setting of opendkim.conf(5) names.
struct DataSetPlace {
  std::string setting;  // its name, for messages
  DataSetKind kind = DataSetKind::file;
  std::string text;  // the file's path, or the list itself
  bool is_file() const { return kind != DataSetKind::list; }
};

// Of a setting's value. An error, "SETTING: why", for the kinds of data sets that are not read here (db:, dsn:, ldap:,
// lua: ...).
Result<DataSetPlace> data_set_place(std::string_view setting, std::string_view value);

// Parts of a text that the DataSet keeps alive.
struct DataSetRow {
  std::string_view key, value;
  std::uint32_t number = 0;  // of the line, or of the list's entry, from 1
  bool has_value = false;    // "KEY=" has an empty one
};

class DataSet {
 public:
  DataSet() = default;
  // Of a text that stands in the place, or is the place itself for a list.
  DataSet(const DataSetPlace& place, std::string text);

  const std::vector<DataSetRow>& rows() const { return rows_; }
  DataSetKind kind() const { return place_.kind; }
  // "PATH:LINE", "SETTING, entry 3"
  std::string where(const DataSetRow& row) const { return where(row.number); }
  std::string where(std::uint32_t number) const;
  // "PATH:LINE: why": lines that are not rows, and not by intention. The first few.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void read_list();
  void read_lines();
  void add_line(std::string_view line, std::uint32_t number);
  void warn(std::uint32_t number, const char* why);

  DataSetPlace place_;
  std::shared_ptr<const std::string> text_;
  std::vector<DataSetRow> rows_;
  std::vector<std::string> warnings_;
};

struct LoadedDataSet {
  DataSet set;
  FileStamp stamp;
  bool steady = true;  // false: the file changed while it was read
};

// Reads the whole file, at most 256 MiB. Errors name the path.
Result<LoadedDataSet> read_data_set(const DataSetPlace& place);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// KeyTable: the table of that name in opendkim.conf(5): NAME DOMAIN:SELECTOR:KEY. It says where keys are, and opens
// none of them. Immutable and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/keys/data_set.h"
#include "adapter/keys/row_index.h"
#include "adapter/keys/row_patterns.h"
#include "base/result.h"

namespace mailweir {

// A row, applied to mail of one domain.
struct TableKeyPlace {
  std::string domain, selector;  // to_domain's spelling
  std::string key;               // a path, or the key itself
  bool is_path = false;
  bool operator==(const TableKeyPlace&) const = default;
};

class KeyTable {
 public:
  KeyTable() : KeyTable(DataSet()) {}
  explicit KeyTable(DataSet set);

  // The row of this name. Letter case matters, as for opendkim. nullptr: none.
  const DataSetRow* find(std::string_view name) const;
  // "%" as the domain is the author's; in a path it is the row's domain, thus the author's if that is "%", too.
  // (opendkim.conf(5) says the author's for both; opendkim 2.11 does this.) An error without the row's place.
  static Result<TableKeyPlace> place_of(const DataSetRow& row, std::string_view author_domain);

  std::string where(const DataSetRow& row) const { return set_.where(row); }
  std::size_t size() const { return set_.rows().size(); }
  // Whether the names are patterns: then which there are cannot be listed.
  bool has_patterns() const { return set_.kind() == DataSetKind::patterns; }
  // "PATH:LINE: why", at most 20 and their count: rows that cannot be used.
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  DataSet set_;
  RowIndex names_;
  RowPatterns patterns_;
  std::vector<std::string> errors_;
};

}  // namespace mailweir

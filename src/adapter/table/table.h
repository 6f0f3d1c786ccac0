// SPDX-License-Identifier: BSD-2-Clause
// Tables in memory: made from entries that stand in the policy file, or by TableBuilder from wherever they come.
// What is found how is said in port/table.h; how keys are written in adapter/table/table_key.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "port/table.h"

namespace mailweir {

struct TableEntry {
  std::string_view key;
  std::string_view value{};         // "" in a list
  std::optional<WallTime> until{};  // from then on it is not there any more
};

// One thing that is wrong with an entry.
struct EntryFault {
  std::size_t line = 0;    // of a file; of an inline table, which entry; both from 1
  std::size_t column = 0;  // of a file, in bytes, from 1
  std::string what;
};

struct MadeTable {
  TablePtr table;                    // null when there are faults
  std::vector<EntryFault> faults;    // by line, at most 20 of them
  std::size_t more_faults = 0;       // how many there are besides
  std::vector<EntryFault> warnings;  // at most 20: a map's key twice with the same value, expired entries
};

// In a map the same key with two values is a fault that names both places. The clock must outlive the table.
MadeTable make_table(std::span<const TableEntry> entries, TableKind kind, const Clock& clock = system_clock());

class TableBuilder {
 public:
  // `place_word`: how the place of an entry is called in a fault, "line" or "entry".
  TableBuilder(TableKind kind, std::string_view place_word, const Clock& clock);
  ~TableBuilder();
  void add(std::string_view key, std::string_view value, std::size_t line, std::size_t column,
           std::optional<WallTime> until = {});
  void fault(std::size_t line, std::size_t column, std::string what);
  std::size_t faults() const;  // so far
  MadeTable finish();          // once

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mailweir

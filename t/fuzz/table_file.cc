// SPDX-License-Identifier: BSD-2-Clause
// A file of a list or a map: a table, or errors that name the file; never more entries than lines, and a key of it is
// found.
#include <algorithm>

#include "adapter/table/table_file.h"
#include "adapter/table/table_key.h"
#include "base/text.h"
#include "target.h"
#include "temp_file.h"

namespace mailweir {
namespace {

using fuzz::must;

void look_at_key(std::string_view text) {
  const auto key = parse_table_key(text);
  if (!key) return must(!key.error().what.empty() && key.error().what.size() < 700);
  if (key->network) {
    must(key->text.empty());
    const auto again = parse_table_key(key->network->to_string());
    must(again && again->network == key->network);
  } else {
    must(key->text.size() <= text.size() + 253);
  }
}

void read(std::string_view text, TableKind kind) {
  static const fuzz::TempFile file;
  file.write(text);
  const ManualClock clock;
  const auto loaded = read_table(file.path(), kind, clock);
  must(loaded.errors.empty() == (loaded.table != nullptr) && !loaded.busy && loaded.errors.size() <= 21);
  for (const auto* lines : {&loaded.errors, &loaded.warnings})
    for (const auto& line : *lines) must(line.starts_with(file.path()) && fuzz::is_printable(line));
  if (!loaded.table) return;
  must(loaded.table->size() <= static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
}

}  // namespace

const std::size_t fuzz::changes = 10'000;

}  // namespace mailweir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const auto text = fuzz::as_text(data, size);
  read(text, TableKind::list);
  read(text, TableKind::map);
  for (const auto line : split(text, '\n')) look_at_key(line);
  return 0;
}

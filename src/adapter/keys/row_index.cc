// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/keys/row_index.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {
namespace {

// Ordering by length first spares most comparisons of text.
bool is_less(std::string_view a, std::string_view b, LetterCase letter_case) {
  if (a.size() != b.size()) return a.size() < b.size();
  if (letter_case == LetterCase::matters) return a < b;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (const char x = fold(a[i]), y = fold(b[i]); x != y) return x < y;
  return false;
}

}  // namespace

void RowIndex::sort() {
  entries_.shrink_to_fit();
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
    if (is_less(a.key, b.key, letter_case_)) return true;
    if (is_less(b.key, a.key, letter_case_)) return false;
    return a.row < b.row;
  });
}

std::span<const RowIndex::Entry> RowIndex::find(std::string_view key) const {
  const auto begin = std::lower_bound(
      entries_.begin(), entries_.end(), key,
      [&](const Entry& entry, std::string_view text) { return is_less(entry.key, text, letter_case_); });
  const auto end = std::upper_bound(begin, entries_.end(), key, [&](std::string_view text, const Entry& entry) {
    return is_less(text, entry.key, letter_case_);
  });
  return {begin, end};
}

}  // namespace mailweir

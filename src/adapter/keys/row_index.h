// SPDX-License-Identifier: BSD-2-Clause
// RowIndex: which rows have a key, by a sorted array: 24 bytes a row, and no input that is slow. The keys' text must
// outlive it. Filled by one thread, then sorted, then read by any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace mailweir {

enum class LetterCase { matters, ignored };  // of ASCII

class RowIndex {
 public:
  struct Entry {
    std::string_view key;
    std::uint32_t row;
  };

  explicit RowIndex(LetterCase letter_case) : letter_case_(letter_case) {}
  void reserve(std::size_t rows) { entries_.reserve(rows); }
  void add(std::string_view key, std::uint32_t row) { entries_.push_back({key, row}); }
  void sort();

  // All rows of this key, in the order of their numbers.
  std::span<const Entry> find(std::string_view key) const;
  std::size_t size() const { return entries_.size(); }

 private:
  LetterCase letter_case_;
  std::vector<Entry> entries_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// TableErrors: what is wrong with a table's rows: the first 20, then how many more.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mailweir {

class TableErrors {
 public:
  static constexpr std::size_t most = 20;

  void add(std::string text) {
    if (++count_ <= most) texts_.push_back(std::move(text));
  }
  std::vector<std::string> take(const std::string& table) {
    if (count_ > most) texts_.push_back(table + ": " + std::to_string(count_ - most) + " more rows cannot be used");
    return std::move(texts_);
  }

 private:
  std::vector<std::string> texts_;
  std::size_t count_ = 0;
};

}  // namespace mailweir

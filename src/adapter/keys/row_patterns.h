// SPDX-License-Identifier: BSD-2-Clause
// RowPatterns: the keys of a "refile:" as patterns. The manual knows "*" alone; opendkim makes a POSIX extended regular
// expression of the key, in which only "*", "+" and "." are not what they are there, and the rest keeps its power:
// "(a|b)@example.com" matches both. So here: a key of plain text and "*" is matched by us, others by regexec(3).
//
// What a text's end or start must be for a pattern to match is indexed: a lookup in 100,000 rows of "*@example.com"
// tries one. Immutable; the keys' text must outlive it. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/keys/row_index.h"

namespace mailweir {

class RowPatterns {
 public:
  explicit RowPatterns(LetterCase letter_case);
  RowPatterns(RowPatterns&&) noexcept;
  RowPatterns& operator=(RowPatterns&&) noexcept;
  ~RowPatterns();

  // Why it is no pattern; empty: it is, and was added.
  std::string add(std::string_view pattern, std::uint32_t row);
  void sort();
  // The rows whose patterns match, in their order.
  std::vector<std::uint32_t> find(std::string_view text) const;

 private:
  struct Wildcard {
    std::string_view pattern;
    std::uint32_t row;
  };
  struct Expression;

  bool matches(std::string_view pattern, std::string_view text) const;

  LetterCase letter_case_;
  RowIndex whole_;          // by the pattern, which has no "*"
  RowIndex ends_, starts_;  // numbers are those of wildcards_
  std::vector<Wildcard> wildcards_;
  std::vector<std::uint32_t> anywhere_;  // of wildcards_, without such an end or start
  std::vector<std::unique_ptr<Expression>> expressions_;
};

}  // namespace mailweir

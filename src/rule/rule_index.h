// SPDX-License-Identifier: BSD-2-Clause
// RuleIndex: which rules of a stage can hold at all, found by the value of one fact instead of by asking each rule. A
// policy of a thousand rules for a thousand logins then costs what ten cost.
//
// Indexed are rules that must have a certain value of the fact to hold: a plain word, name or address in `when`, not
// negated, in each of its tables. Of the facts that need no lookup the one is taken that most rules ask so. All other
// rules are always asked. The order of the rules stays. Immutable; made from rules that outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "fact/facts.h"
#include "rule/rule.h"

namespace mailweir {

class RuleIndex {
 public:
  static constexpr std::size_t least_rules = 8;  // with fewer to leave out it is not worth it

  RuleIndex() = default;
  explicit RuleIndex(const std::vector<Rule>& rules);

  // All rules are to be asked.
  bool empty() const { return !fact_; }
  // How many rules are found by value only.
  std::size_t indexed() const { return indexed_; }
  // The places of the rules that may hold, in their order.
  void find(Facts& facts, std::vector<std::uint32_t>& places) const;

 private:
  using Places = std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>>;
  enum class By : std::uint8_t { text, user, domain };

  void add(const Test& test, std::uint32_t place);
  void add_found(By by, std::string_view value, std::vector<std::uint32_t>& places) const;
  void add_address(const Address& address, std::vector<std::uint32_t>& places) const;

  std::optional<FactRef> fact_;
  std::size_t indexed_ = 0;
  std::array<Places, 3> by_value_;
  std::vector<std::uint32_t> always_;
};

}  // namespace mailweir

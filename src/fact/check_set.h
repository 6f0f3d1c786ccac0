// SPDX-License-Identifier: BSD-2-Clause
// CheckSet: a set of checks, for `skip`.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>

#include "fact/definition.h"

namespace mailweir {

class CheckSet {
 public:
  void add(FactId id) { bits_.set(info(id).number); }
  bool has(FactId id) const { return bits_.test(info(id).number); }
  // Their names, in the order of the list of facts, blanks between; a part of a check (a score, say) is not named
  // beside it.
  std::string names() const;
  CheckSet operator|(const CheckSet& other) const { return CheckSet(bits_ | other.bits_); }
  CheckSet operator&(const CheckSet& other) const { return CheckSet(bits_ & other.bits_); }
  bool empty() const { return bits_.none(); }
  // What stands on a list of ours is nothing that a check could be wrong about: it is not turned off.
  static CheckSet all();
  CheckSet() = default;

 private:
  using Bits = std::bitset<most_facts>;
  explicit CheckSet(const Bits& bits) : bits_(bits) {}
  Bits bits_;
};

}  // namespace mailweir

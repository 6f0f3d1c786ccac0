// SPDX-License-Identifier: BSD-2-Clause
// CheckSet: a set of checks, for `skip`.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>

#include "fact/definition.h"

namespace mailweir {

// A check that a rule may turn off already, though this version cannot make it.
enum class LaterCheck : std::uint8_t { spam };

class CheckSet {
 public:
  void add(FactId id) { bits_.set(info(id).number); }
  void add(LaterCheck check) { bits_.set(most_facts + static_cast<std::size_t>(check)); }
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
  using Bits = std::bitset<most_facts + 1>;
  explicit CheckSet(const Bits& bits) : bits_(bits) {}
  Bits bits_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// AddressRanges: networks flattened to sorted ranges that do not overlap, so that one binary search finds the most
// specific network of an address. IPv4 and IPv6 stand apart (8 and 32 bytes a range, 8 more with values).
// Immutable once built; any thread may search.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/ip.h"

namespace mailweir {

struct NetworkEntry {
  Network network;
  std::uint32_t line = 0;   // where it was written
  std::uint64_t value = 0;  // whatever the caller keeps for it; all 0 costs no memory
};

// A key that was given twice: where, and what it had.
struct SameKey {
  std::uint32_t first_line = 0, line = 0;
  std::uint64_t first_value = 0, value = 0;
};

// An IPv6 address as a number.
struct WideNumber {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const WideNumber&) const = default;
  WideNumber after() const { return {low == ~std::uint64_t{0} ? high + 1 : high, low + 1}; }
  WideNumber before() const { return {low == 0 ? high - 1 : high, low - 1}; }
};

// An IPv4 address as a number.
struct NarrowNumber {
  std::uint32_t number = 0;
  auto operator<=>(const NarrowNumber&) const = default;
  NarrowNumber after() const { return {number + 1}; }
  NarrowNumber before() const { return {number - 1}; }
};

template <typename Number>
class Ranges {
 public:
  struct Block {
    Number first, last;
    std::uint32_t line = 0;
    std::uint64_t value = 0;
  };
  // Blocks are networks: of two, one holds the other or they share nothing. Equal ones are told in `same`; the one
  // written first stands.
  void build(std::vector<Block> blocks, std::vector<SameKey>& same);
  std::optional<std::uint64_t> find(Number number) const;
  std::size_t size() const { return firsts_.size(); }
  // Visits the first number and the value of each range.
  template <typename Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0; i < firsts_.size(); ++i) visit(firsts_[i], values_.empty() ? 0 : values_[i]);
  }

 private:
  void append(Number first, Number last, std::uint64_t value);
  std::vector<Number> firsts_, lasts_;
  std::vector<std::uint64_t> values_;  // empty when all are 0
};

class AddressRanges {
 public:
  AddressRanges() = default;
  AddressRanges(const std::vector<NetworkEntry>& entries, std::vector<SameKey>& same);
  // The value of the most specific network that holds the address.
  std::optional<std::uint64_t> find(const IpAddress& address) const;
  // Visits the first address and the value of each range.
  void each(const std::function<void(const IpAddress& first, std::uint64_t value)>& visit) const;
  // Ranges kept; in a list neighbours are joined, so this is not the count of networks.
  std::size_t size() const { return narrow_.size() + wide_.size(); }

 private:
  Ranges<NarrowNumber> narrow_;
  Ranges<WideNumber> wide_;
};

}  // namespace mailweir

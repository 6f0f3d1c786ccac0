// SPDX-License-Identifier: BSD-2-Clause
// How entries of lists and maps say until when they hold, how a table keeps it, and networks of which some expire.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/table/address_ranges.h"
#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

struct EntryText {
  std::string_view text;  // without the word
  std::optional<WallTime> until;
};

// Takes "until=..." off if it is the last word: a date ("2026-12-31": to the end of that day), a minute or second
// ("2026-12-31T18:00"), both in local time, or with Z or an offset ("2026-12-31T18:00:00Z", "...+01:00"; RFC 3339).
Result<EntryText> take_until(std::string_view text);
std::string to_text(WallTime until);  // "2026-12-31 18:00", local time

// A value with its expiry before it; one without stays as it is, so that it costs nothing where there is none.
std::string with_expiry(std::string_view value, WallTime until);
std::string_view without_expiry(std::string_view stored);
std::optional<WallTime> expiry_of(std::string_view stored);
bool looks_expiring(std::string_view value);  // a plain value that must be stored with_expiry(value, WallTime::max())

// Networks with expiries: of those that hold an address the most specific one that has not expired.
class ExpiringRanges {
 public:
  struct Entry {
    Network network;
    std::uint64_t value = 0;
    WallTime until = WallTime::max();
  };
  ExpiringRanges() = default;
  // Of equal networks the first value and the latest expiry count.
  explicit ExpiringRanges(std::vector<Entry> entries);
  std::optional<std::uint64_t> find(const IpAddress& address, WallTime now) const;
  // Visits the first address and the value of each range, expired or not.
  void each(const std::function<void(const IpAddress& first, std::uint64_t value)>& visit) const {
    ranges_.each([&](const IpAddress& first, std::uint64_t node) { visit(first, nodes_[node - 1].value); });
  }
  bool empty() const { return nodes_.empty(); }

 private:
  struct Node {
    std::uint64_t value;
    WallTime until;
    std::uint32_t parent;  // the next network around it, from 1; 0: none
  };
  AddressRanges ranges_;  // values: nodes, from 1
  std::vector<Node> nodes_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Limit: what a rule counts, by what key, and how much of it there may be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delivery/bounce_kind.h"
#include "fact/ref.h"
#include "port/counter_store.h"
#include "port/table.h"
#include "rule/block.h"

namespace mailweir {

enum class Quantity : std::uint8_t {
  messages,
  recipients,
  bytes,
  connections,
  open_connections,
  unknown_recipients,
  auth_failures,
  distinct,
  first_time_recipients,
  bounces
};
std::string_view to_string(Quantity quantity);
// Counted when it happens and not when a rule asks: a limit of it only looks at what stands in the counter.
constexpr bool is_event(Quantity quantity) {
  return quantity == Quantity::unknown_recipients || quantity == Quantity::auth_failures ||
         quantity == Quantity::bounces;
}

struct Limit {
  std::string counter;      // the counter's name: the rule's
  std::vector<FactRef> by;  // empty: one counter of all
  Quantity of = Quantity::messages;
  std::optional<FactRef> distinct;  // of Quantity::distinct: whose different values are counted
  std::vector<Window> max;
  std::vector<Window> shares;         // of bounces: percent of the recipients that were accepted
  std::uint64_t at_least = 0;         // of these, before a share is looked at
  BounceKind kind = BounceKind::all;  // of bounces
  TablePtr overrides;                 // by key, its domain, then "default": replaces max
  bool attempts = false;              // count = "all"
  std::optional<BlockTime> block;     // a key that goes over it is blocked so long
  unsigned warn_at = 0;               // percent of the maximum at which an alert warns; 0: none does
  unsigned prefix4 = 32, prefix6 = 64;
};

// "100/1h" -> a window; errors say what is wrong with it. "200/1h 1000/1d" and "unlimited" (no windows) as in a map.
Result<Window> parse_window(std::string_view text);
Result<std::vector<Window>> parse_windows(std::string_view text);
std::string to_string(const Window& window);
// For people: a limit of bytes as a size, "10MiB/1h".
std::string in_words(const Window& window, Quantity of);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// How our counters are called in Redis: PREFIX{LIMIT|KEY}:PERIOD (seconds; 0 for a lease; a d behind it for
// different values). Limits are named by the admin:
// what the name is cut at is written %XX there. Keys stay as they are, for redis-cli.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "port/counter_store.h"

namespace mailweir::redis_key {

// What stands where a counter has its period, for a block.
inline constexpr std::string_view block_suffix = "block";
// And for what a first-seen counter remembers.
inline constexpr std::string_view seen_suffix = "seen";

// Up to the period, which follows.
std::string name_of(std::string_view prefix, std::string_view limit, std::string_view key);
// The charge that asks what such a counter has; nothing when it is none of ours.
std::optional<Charge> question_of(std::string_view prefix, std::string_view name);
// The limit and key of a block; nothing when it is none of ours.
std::optional<Charge> block_of(std::string_view prefix, std::string_view name);
// For SCAN MATCH.
std::string pattern_of(std::string_view prefix, const CounterQuery& query);

}  // namespace mailweir::redis_key

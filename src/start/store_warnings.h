// SPDX-License-Identifier: BSD-2-Clause
// What an admin should know of the stores that a configuration names, beyond what stands in its file: a Redis server
// that evicts, and counters in memory that a change to Redis leaves behind.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "adapter/builders/table_sources.h"
#include "adapter/counters/memory_counters.h"
#include "base/clock.h"
#include "config/config.h"

namespace mailweir {

// What stands in the file of the memory store and still counts. A file that is not there or cannot be read has none.
struct LeftCounters {
  std::size_t counters = 0, blocks = 0;
  bool any() const { return counters + blocks > 0; }
  std::string to_string() const;  // "12 counters and 1 block"
};
LeftCounters left_counters(const std::string& file, const Clock& clock);
LeftCounters left_counters(MemoryCounters& store);

// What is lost where a server of counters, of lists, or of signing keys, evicts.
inline constexpr const char* lost_counters = "counters and blocks";
inline constexpr const char* lost_lists = "lists";
inline constexpr const char* lost_keys = "signing keys";

// Where the memory store saves, or would: [counters] file, in [general] state_directory unless it begins with a slash.
std::string counters_path(const Config& config);

// Of a Redis store whose counters in memory stay behind.
inline constexpr const char* left_behind =
    "they are not transferred to Redis and no longer count; remove the file to end this warning";

// Asks the servers, each for at most `deadline`; one that does not answer, or refuses the login, is a warning, too.
std::vector<std::string> store_warnings(const Config& config, const TableSources& lists,
                                        std::chrono::milliseconds deadline, const Clock& clock);

}  // namespace mailweir

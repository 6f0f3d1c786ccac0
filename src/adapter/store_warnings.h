// SPDX-License-Identifier: BSD-2-Clause
// What an admin should know of the stores that a configuration names, beyond what stands in its file: a Redis server
// that evicts, and counters in memory that a change to Redis leaves behind.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "adapter/memory_counters.h"
#include "adapter/table_sources.h"
#include "base/clock.h"

namespace mailweir {

// What stands in the file of the memory store and still counts. A file that is not there or cannot be read has none.
struct LeftCounters {
  std::size_t counters = 0, blocks = 0;
  bool any() const { return counters + blocks > 0; }
  std::string to_string() const;  // "12 counters and 1 block"
};
LeftCounters left_counters(const std::string& file, const Clock& clock);
LeftCounters left_counters(MemoryCounters& store);

// "redis://...: maxmemory-policy is allkeys-lru: ..."; `what` is lost by it.
std::string eviction_warning(const std::string& server, const std::string& policy, const std::string& what);
inline constexpr const char* lost_counters = "counters and blocks";
inline constexpr const char* lost_lists = "lists";

struct StoreQuestion {
  std::string store;                 // [counters] store
  std::string user, password_file;   // its login, if the URL has none
  std::string memory_file;           // where the memory store would save
  const TableSources* lists = nullptr;
};
// Asks the servers, each for at most `deadline`; one that does not answer is left out.
std::vector<std::string> store_warnings(const StoreQuestion& question, std::chrono::milliseconds deadline, const Clock& clock);

}  // namespace mailweir

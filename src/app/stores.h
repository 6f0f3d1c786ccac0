// SPDX-License-Identifier: BSD-2-Clause
// Stores: the counter store that the configuration names, with what stands behind it.
#pragma once

#include <memory>
#include <string>

#include "adapter/counters/fallback_counters.h"
#include "adapter/counters/memory_counters.h"
#include "adapter/counters/redis_counters.h"
#include "app/pid_file.h"
#include "base/log.h"
#include "config/config.h"
#include "port/counter_store.h"
#include "start/secret.h"
#include "start/store_warnings.h"

namespace mailweir {

struct Stores {
  std::unique_ptr<CounterStore> owned;     // the outermost, when it is not the memory store itself
  std::unique_ptr<MemoryCounters> memory;  // store = "memory"; saved and restored
  std::string file;                        // where memory is saved
  std::unique_ptr<PidFile> lock;           // beside it: no other process saves there
  CounterStore& use() const { return owned ? *owned : *memory; }
  // What stands in for a shared store that does not answer; null: there is none.
  FallbackCounters* fallback() const { return dynamic_cast<FallbackCounters*>(owned.get()); }
};

// Restores saved counters. Errors are those of the configuration (a URL), and another daemon that has the same file; a
// damaged file is a log line and a fresh start.
Result<Stores> make_stores(const Config& config, const Clock& clock, Log& log);

// Says, if there are any, that the counters of the memory store are used no more.
void say_left(const std::string& file, const LeftCounters& left, std::string_view what, Log& log);

// Writes the counters to their file; trouble is a log line.
void save_stores(Stores& stores, Log& log);
// At the end: the same, or what a shared store has not got yet is said to it, or named in a log line.
void finish_stores(Stores& stores, Log& log);

}  // namespace mailweir

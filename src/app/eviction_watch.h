// SPDX-License-Identifier: BSD-2-Clause
// EvictionWatch: asks the Redis servers of counters, lists and signing keys, now and then, whether they evict keys, and
// says it in the log when that changes. One thread looks; any may ask what was found. What it asks must outlive it.
#pragma once

#include <map>
#include <string>

#include "adapter/builders/table_sources.h"
#include "adapter/counters/shared_counters.h"
#include "base/guarded.h"
#include "base/log.h"

namespace mailweir {

class EvictionWatch {
 public:
  // `counters` may be null: they are in memory.
  EvictionWatch(const SharedCounters* counters, const TableSources& lists, Log& log)
      : counters_(counters), lists_(lists), log_(log) {}
  void look();
  // The servers that evict, by name without password, and their policies.
  using Found = std::map<std::string, std::string>;
  Found found() const {
    return found_.with([](const Found& found) { return found; });
  }

 private:
  const SharedCounters* counters_;
  const TableSources& lists_;
  Log& log_;
  Guarded<Found> found_;
};

}  // namespace mailweir

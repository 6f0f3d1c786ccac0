// SPDX-License-Identifier: BSD-2-Clause
// SharedCounters: a counter store that many nodes share, and that may be away for a while: what FallbackCounters needs
// of it beyond counting. CountedElsewhere: what a node counted meanwhile, to be added there.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "port/counter_store.h"

namespace mailweir {

struct CountedElsewhere {
  std::string limit, key;
  struct Part {
    std::chrono::seconds period{0};
    std::chrono::milliseconds age{0};  // how long ago it was counted, at most
    std::uint64_t units = 0;
  };
  std::vector<Part> parts;  // of one period beside each other
  struct Value {
    std::chrono::seconds period{0};    // 0: what a first-seen counter remembers
    std::chrono::milliseconds age{0};  // how long ago it was seen last
    std::uint64_t keep = 0;            // how many the set keeps
    std::string value;
  };
  std::vector<Value> values{};  // likewise
};

class SharedCounters : public CounterStore {
 public:
  // Whether a charge could be counted now. Writes a key of its own.
  virtual Result<void> probe(Deadline deadline) = 0;
  // Adds, whatever the maximum is. Each part counts in the slot of its time, so that it leaves when it would have. May
  // be tried again with the same `id` (unique over all nodes) if it failed: it is added once.
  virtual Result<void> merge(std::string_view id, const CountedElsewhere& counted, Deadline deadline) = 0;
  // Says that this node is there: it has added all that it counted by itself and counts here (`adding`: it has not
  // yet). Returns how many nodes have added all within the last `age`, this one among them, and how many are adding
  // now.
  struct Nodes {
    std::size_t whole = 0, adding = 0;
  };
  virtual Result<Nodes> sign_in(std::string_view node, bool adding, std::chrono::milliseconds age,
                                Deadline deadline) = 0;
  // The policy by which the server, or one of them, evicts keys when its memory is full: "allkeys-lru"; "": it does not
  // (adapter/redis/redis_eviction.h).
  virtual Result<std::string> evicts(Deadline) const { return std::string(); }
  // Whether it has lost all that it had since this was asked before, one of its servers at least: by FLUSHALL, say, or
  // because it started again without its data. Each call leaves a mark there, and looks for the one before.
  virtual Result<bool> has_lost_all(Deadline) { return false; }
  // Its URL without the password; and the server, or servers, that it asks now (empty: not known yet).
  virtual const std::string& server() const = 0;
  virtual std::string where() const = 0;
  virtual std::uint64_t connects() const = 0;  // connections made
};

}  // namespace mailweir

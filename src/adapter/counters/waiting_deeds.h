// SPDX-License-Identifier: BSD-2-Clause
// WaitingDeeds: what was done on this node while the shared store was away, to be done there too: keys blocked and
// unblocked, counters forgotten, charges given back and connections closed. Thread-safe; bounded: for what does not fit
// there is no room, and the caller says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "port/counter_store.h"

namespace mailweir {

class WaitingDeeds {
 public:
  enum class What { block, unblock, reset };
  struct Deed {
    What what = What::block;
    Block block;  // of the others limit and key
    bool replace = false;
    std::int64_t end = 0;  // of a block, milliseconds since the epoch
    std::uint64_t number = 0;
  };
  struct Refund {
    std::vector<Charge> charges;
    Receipt receipt;
  };

  explicit WaitingDeeds(std::size_t most) : most_(most) {}

  // Whether there was room. The last word on a key wins: one that is blocked and unblocked again is only unblocked.
  bool block(const Block& block, bool replace, std::int64_t now) {
    return add({What::block, block, replace, now + block.left.count(), 0});
  }
  bool unblock(std::string_view limit, std::string_view key) {
    return add({What::unblock, named(limit, key), false, 0, 0});
  }
  // What was to be given back of the counter is forgotten with it.
  bool reset(std::string_view limit, std::string_view key);
  bool give_back(std::vector<Charge> charges, Receipt receipt);
  void forget_block(std::string_view limit, std::string_view key);

  // The oldest, but of a block that has ended; a block has the time it has left at `now`. It stays until done() is
  // called.
  std::optional<Deed> next(std::int64_t now);
  // This one, not another that has come for the key meanwhile.
  void done(const Deed& deed);
  std::optional<Refund> next_refund();  // taken out
  void put_back(Refund refund);         // before all others

  std::size_t size() const { return size_; }

 private:
  struct All {
    std::map<std::uint64_t, Deed> deeds;                     // by number
    std::unordered_map<std::string, std::uint64_t> numbers;  // by name
    std::deque<Refund> refunds;
    std::uint64_t last = 0;
  };
  static Block named(std::string_view limit, std::string_view key) {
    return {std::string(limit), std::string(key), {}, {}, {}};
  }
  static std::string name_of(const Deed& deed) {
    return (deed.what == What::reset ? "r\n" : "b\n") + deed.block.limit + '\n' + deed.block.key;
  }
  bool add(Deed deed);
  void note_size(const All& all) { size_ = all.deeds.size() + all.refunds.size(); }
  static void erase(All& all, const std::string& name);

  const std::size_t most_;
  Guarded<All> all_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace mailweir

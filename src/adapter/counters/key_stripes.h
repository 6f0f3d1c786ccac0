// SPDX-License-Identifier: BSD-2-Clause
// KeyStripes: what calls to a shared store are about to count, by key, and in which order their answers came. So a node
// that begins to count by itself knows of the calls that are under way still, and an answer that was overtaken by
// another does not take back what that one told. Locks in stripes: keys that meet in one wait for one another, nothing
// more. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "base/keyed_hash.h"
#include "port/counter_store.h"

namespace mailweir {

class KeyStripes {
 public:
  // The keys of some charges. Its functions but the constructor want the Lock.
  class Call {
   public:
    Call(KeyStripes& stripes, std::span<const Charge> charges);
    void begin();  // from now on its units are under way
    void end();
    // Units of other calls under way for the key of charge `at`.
    std::uint64_t under_way(std::size_t at) const;
    // Whether the answer of a call that ended after this one began is known already; says that this one's is now.
    bool is_overtaken();

   private:
    friend class KeyStripes;
    struct Key {
      std::uint64_t hash, units;
    };
    KeyStripes& stripes_;
    std::vector<Key> keys_;  // one for each charge
    std::uint64_t began_ = 0;
  };

  class Lock {
   public:
    Lock(KeyStripes& stripes, const Call& call);
    Lock(const Lock&) = delete;
    ~Lock();

   private:
    KeyStripes& stripes_;
    std::bitset<64> set_;
  };

 private:
  static constexpr std::size_t count = 64;
  static std::size_t stripe_of(std::uint64_t hash) { return hash % count; }
  struct Stripe {
    std::mutex mutex;  // guards the rest
    std::vector<Call::Key> under_way;
    std::uint64_t heard = 0;  // when the last answer was taken in
  };
  const KeyedHash hash_;
  std::atomic<std::uint64_t> moments_{0};
  std::array<Stripe, count> stripes_;
};

}  // namespace mailweir

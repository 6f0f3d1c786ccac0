// SPDX-License-Identifier: BSD-2-Clause
// KeptKeys: what was found at a place of keys for one domain each, nothing too: it is kept, and looked at again after a
// second. The least recently used domains are forgotten. Thread-safe; a look is made without a lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/recent_places.h"
#include "port/key_source.h"

namespace mailweir {

struct KeyStoreStats {
  std::atomic<std::uint64_t> looks{0};      // a domain was looked at
  std::atomic<std::uint64_t> reads{0};      // a key was read and parsed
  std::atomic<std::uint64_t> bad{0};        // a key that cannot be used, when it was found
  std::atomic<std::uint64_t> forgotten{0};  // domains, for lack of room
  std::atomic<std::uint64_t> domains{0};    // in memory now
};

// What one look found. Never changed once made.
struct FoundKeys {
  virtual ~FoundKeys() = default;

  SteadyTime looked{};
  bool unreachable = false;
  std::vector<DkimKeyPtr> keys;       // in the order of their selectors
  std::vector<std::string> troubles;  // of keys and their place: for the log, once
  std::vector<std::string> warnings;  // of keys that work: the same
  std::string outage;                 // why the place did not answer; the rest is what was known before
};
using FoundKeysPtr = std::shared_ptr<const FoundKeys>;

class KeptKeys {
 public:
  // What is there now. `before`: what was found last, or null. Null: it could not be looked in time.
  using Look = std::function<FoundKeysPtr(const FoundKeysPtr& before)>;

  // Clock and stats must outlive it.
  KeptKeys(std::size_t most_domains, const Clock& clock, KeyStoreStats& stats)
      : clock_(clock), stats_(stats), places_(most_domains) {}

  // `anew`: what was found less than a second ago will not do.
  KeysFound find(const std::string& domain, bool anew, const Look& look);
  // It was changed from here: the next find() looks.
  void doubt(const std::string& domain);

 private:
  struct Kept {
    FoundKeysPtr found;
    bool doubted = false;
  };
  Kept kept(const std::string& domain);
  void keep(const std::string& domain, FoundKeysPtr found);

  const Clock& clock_;
  KeyStoreStats& stats_;
  std::mutex mutex_;           // guards what follows
  RecentPlaces<Kept> places_;  // by domain
};

}  // namespace mailweir

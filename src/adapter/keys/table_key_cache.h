// SPDX-License-Identifier: BSD-2-Clause
// TableKeyCache: the keys that rows of a KeyTable name, read and parsed when mail is to be signed with them, and kept.
// A file is looked at again after a second, and read again if it has changed. The least recently used are forgotten.
//
// A key is used only from a regular file that root or the daemon owns, and that others can neither read nor write; as
// for opendkim, it may be reached through symbolic links. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/keys/key_table.h"
#include "base/recent_places.h"
#include "base/clock.h"
#include "port/key_source.h"

namespace mailweir {

struct TableKeyStats {
  std::atomic<std::uint64_t> looks{0};      // a key's file was looked at
  std::atomic<std::uint64_t> reads{0};      // a key was read and parsed
  std::atomic<std::uint64_t> bad{0};        // a key that cannot be used, when it was found
  std::atomic<std::uint64_t> forgotten{0};  // keys, for lack of room
  std::atomic<std::uint64_t> keys{0};       // in memory now, those that cannot be used among them
};

class TableKeyCache {
 public:
  struct Wanted {
    TableKeyPlace place;
    std::string where;   // "PATH:LINE" of the row
    std::string signer;  // is the caller's
  };

  // The clock must outlive it.
  TableKeyCache(std::size_t most, const Clock& clock) : clock_(clock), places_(most) {}

  // Adds to `all`, for each wanted in their order, its key to `keys`, or why there is none to `troubles`; returns for
  // each whether it has a key.
  std::vector<bool> find(const std::vector<Wanted>& wanted, Deadline deadline, KeysFound& all);
  const TableKeyStats& stats() const { return stats_; }

 private:
  struct Found;
  using FoundPtr = std::shared_ptr<const Found>;
  struct Place {
    FoundPtr found;
    std::vector<DkimKeyPtr> named;  // the same key under its names in the DNS, few
  };

  FoundPtr kept(const std::string& key);
  void keep(const std::string& key, FoundPtr found);
  DkimKeyPtr named(const Wanted& wanted, const SignerPtr& signer);
  FoundPtr look(const Wanted& wanted, const Found* before);

  const Clock& clock_;
  TableKeyStats stats_;

  std::mutex mutex_;            // guards what follows
  RecentPlaces<Place> places_;  // by path, or by the key itself
};

}  // namespace mailweir

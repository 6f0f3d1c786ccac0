// SPDX-License-Identifier: BSD-2-Clause
// StatedKeys: a place of keys of which only those sign that are so far (port/key_states.h). What a store says of a
// domain is kept and asked for again after a second, as the place does with its keys; nothing is looked up in the DNS
// and nothing is written here (key_watch.h does both).
//
// While the store cannot be read, what it said last holds; of a domain that it said nothing of, all keys sign. A
// signature whose record is missing does less harm than all mail unsigned.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/recent_places.h"
#include "check/key_life.h"
#include "port/key_states.h"
#include "port/key_store.h"

namespace mailweir {

class StatedKeys final : public KeySource {
 public:
  struct Parts {
    KeyStorePtr keys;
    KeyStatesPtr states;
    std::chrono::milliseconds longest{10'000};  // that find() waits for each of them, whatever its deadline
  };
  // Without propagation a new key signs at once. The clock must outlive it.
  StatedKeys(Parts parts, bool propagation, std::size_t most_domains, const Clock& clock)
      : parts_(std::move(parts)), propagation_(propagation), clock_(clock), places_(most_domains) {}

  KeysFound find(const std::string& domain, Deadline deadline) override;
  const std::string& name() const override { return parts_.keys->name(); }

  KeyStore& keys() const { return *parts_.keys; }
  KeyStates& states() const { return *parts_.states; }
  const KeyStorePtr& shared_keys() const { return parts_.keys; }
  const KeyStatesPtr& shared_states() const { return parts_.states; }
  // For good. It may be gone already.
  Result<void> remove(const std::string& domain, const std::string& selector, Deadline deadline) const;
  bool propagation() const { return propagation_; }
  // By state, as it is now. An error is the store's. May wait.
  Result<KeysByState> sorted(const std::string& domain, Deadline deadline) const;
  // What was seen in the states of keys that were found, and is to be written; once each.
  struct ToWrite {
    std::vector<KeyStateRow> unknown, replaced;  // as in KeysByState
  };
  ToWrite take_to_write();

 private:
  struct Sorted {
    SteadyTime looked{};
    bool known = false;  // the store could be read, now or before
    DomainStates states;
    std::vector<DkimKeyPtr> found;
    KeysByState keys;
  };
  using SortedPtr = std::shared_ptr<const Sorted>;

  SortedPtr kept(const std::string& domain);
  void keep(const std::string& domain, SortedPtr sorted);

  const Parts parts_;
  const bool propagation_;
  const Clock& clock_;
  std::mutex mutex_;  // guards what follows
  RecentPlaces<SortedPtr> places_;
  ToWrite to_write_;
};
using StatedKeysPtr = std::shared_ptr<StatedKeys>;

}  // namespace mailweir

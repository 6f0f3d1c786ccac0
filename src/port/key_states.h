// SPDX-License-Identifier: BSD-2-Clause
// KeyStates: how far each signing key has come, kept beside the keys, which know nothing of it. A key is pending until
// its record is seen in the DNS, then active: it signs; then retiring: it signs no more, its record must stay published
// for mail under way, and it is removed when its time is over. A store of this interface is shared by all who work with
// the keys: the daemon and the tool, or several nodes.
//
// Thread-safe. Each call may wait for a disk or a server, seconds at the most, where it has no deadline; errors are
// "PLACE: why", temporary.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mailweir {

enum class KeyState { pending, active, retiring };
inline constexpr KeyState all_key_states[] = {KeyState::pending, KeyState::active, KeyState::retiring};
constexpr std::string_view to_string(KeyState state) {
  return state == KeyState::pending ? "pending" : state == KeyState::active ? "active" : "retiring";
}

// Times are whole seconds.
struct KeyStateRow {
  std::string domain, selector;
  std::string key;  // which key it was (mark_of, in check/key_life.h): another one of this name begins anew
  KeyState state = KeyState::pending;
  WallTime since{};                // in this state
  WallTime next{};                 // pending: when its record is looked for; retiring: when it is removed
  unsigned looks = 0;              // pending: so often it was looked for
  std::string note{};              // why it is not further
  std::string successor{};         // active: it retires once this selector is active
  std::chrono::seconds overlap{};  // and is removed so long after that
  bool operator==(const KeyStateRow&) const = default;
};

// What is known of one domain's keys.
struct DomainStates {
  std::vector<KeyStateRow> rows;  // in the order of their selectors
  // A key that was written before and has no row was there before states were kept: it is active.
  WallTime begun = WallTime::max();
};

class KeyStates {
 public:
  virtual ~KeyStates() = default;

  virtual Result<DomainStates> of(const std::string& domain, Deadline deadline) = 0;
  // Pending and retiring keys whose time has come, at most `most`: those looked for least often first. Where nodes
  // share the store, a key is given to one of them, and to another only if the first is not heard of for half a minute.
  virtual Result<std::vector<KeyStateRow>> due(WallTime now, std::size_t most) = 0;
  // Those for whose key there is no row yet; a row of another key of the same name is replaced. `now`: when states
  // begin to be kept, if they are not yet.
  virtual Result<void> add(const std::vector<KeyStateRow>& rows, WallTime now) = 0;
  // False: it is not `from` any more; nothing was changed.
  virtual Result<bool> change(const KeyStateRow& from, const KeyStateRow& to) = 0;
  virtual Result<void> remove(const std::string& domain, const std::string& selector) = 0;
  // From now on states are kept here, if they were not yet.
  virtual Result<void> begin(WallTime now) = 0;
  // How many keys are pending.
  virtual Result<std::size_t> pending() = 0;
};
using KeyStatesPtr = std::shared_ptr<KeyStates>;

}  // namespace mailweir

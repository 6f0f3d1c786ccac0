// SPDX-License-Identifier: BSD-2-Clause
// The life of a signing key, decided: which of a domain's keys sign, what a look at the DNS makes of a pending key,
// what follows for the key that it replaces. Pure; the time is an argument.
#pragma once

#include <string>
#include <vector>

#include "check/published_key.h"
#include "port/key_source.h"
#include "port/key_states.h"

namespace mailweir {

// Enough of the public key to tell it from others.
std::string mark_of(const Signer& signer);

// A key that was just made, put or found: pending, or active at once.
KeyStateRow new_key_row(const DkimKey& key, KeyState state, WallTime now);

struct KeysByState {
  std::vector<DkimKeyPtr> signing, pending, retiring;
  std::vector<KeyStateRow> unknown;   // rows of keys that had none
  std::vector<KeyStateRow> replaced;  // rows that are active although their successor is, too: they are to retire
};

// Active keys sign; if a domain has none, its retiring ones. An active key whose successor is active signs no more: who
// made the successor active ended before the other was retired. A key without a row is active if it was there before
// states were kept, else pending; pending, too, if it is not known when it was written. Without propagation a pending
// key counts as active.
KeysByState sort_keys(const std::vector<DkimKeyPtr>& keys, const DomainStates& states, bool propagation, WallTime now);

// After its record was looked for. Pending keys are looked for again after a quarter of their age, 5 s to an hour.
KeyStateRow after_look(const KeyStateRow& pending, const KeyPublication& found, WallTime now);
// Without looking.
KeyStateRow now_active(const KeyStateRow& row, WallTime now);
KeyStateRow now_retiring(const KeyStateRow& row, std::chrono::seconds overlap, WallTime now);

// Which of a domain's keys retire, now that this one is active.
std::vector<KeyStateRow> replaced_by(const DomainStates& states, const std::string& selector);

// Why the key must not go; empty: another one signs instead of it, or it does not sign.
std::string objection_to_removal(const std::string& selector, const KeysByState& keys);

}  // namespace mailweir

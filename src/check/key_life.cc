// SPDX-License-Identifier: BSD-2-Clause
#include "check/key_life.h"

#include <algorithm>

#include "base/text.h"

namespace mailweir {
namespace {

using std::chrono::seconds;

constexpr seconds first_pause{5}, longest_pause{3600};
constexpr std::size_t most_told = 3;  // servers, in a note

// As a store keeps it.
WallTime whole(WallTime time) { return std::chrono::floor<seconds>(time); }

// Whether the key was there before states were kept. When it was written, not every place knows.
bool was_before(const DkimKey& key, WallTime begun) {
  return begun == WallTime::max() || (key.written != WallTime() && key.written < begun);
}

// "ns2.example.com 192.0.2.2 missing, ..."
std::string lacking(const KeyPublication& found) {
  if (found.servers.empty()) return found.trouble.empty() ? "the zone has no name servers" : found.trouble;
  std::string text;
  std::size_t told = 0;
  const bool silent =
      std::ranges::all_of(found.servers, [](const auto& one) { return one.what == Published::no_answer; });
  for (const auto& one : found.servers) {
    if (one.what == Published::yes || (one.what == Published::no_answer && !silent)) continue;
    if (++told > most_told) return text + ", ...";
    text += (text.empty() ? "" : ", ") + one.server +
            (one.address == IpAddress() ? "" : ' ' + one.address.to_string()) + ' ' + std::string(to_string(one.what)) +
            (one.detail.empty() ? "" : ": " + one.detail);
  }
  return text;
}

// Whether the key that replaces it is there and active.
bool is_replaced(const KeyStateRow& row, const std::vector<DkimKeyPtr>& keys, const DomainStates& states) {
  if (row.state != KeyState::active || row.successor.empty() || row.successor == row.selector) return false;
  const auto next = std::ranges::find(states.rows, row.successor, &KeyStateRow::selector);
  return next != states.rows.end() && next->state == KeyState::active &&
         std::ranges::any_of(keys, [&](const DkimKeyPtr& key) {
           return key->selector == next->selector && mark_of(*key->signer) == next->key;
         });
}

}  // namespace

std::string mark_of(const Signer& signer) {
  constexpr std::size_t enough = 64;  // of RSA the last bytes of the modulus, of Ed25519 all
  const std::string text = signer.public_key();
  return text.substr(text.size() - std::min(text.size(), enough));
}

KeyStateRow new_key_row(const DkimKey& key, KeyState state, WallTime now) {
  KeyStateRow row{key.domain, key.selector, mark_of(*key.signer)};
  row.state = state;
  row.since = row.next = whole(now);
  return row;
}

KeysByState sort_keys(const std::vector<DkimKeyPtr>& keys, const DomainStates& states, bool propagation, WallTime now) {
  KeysByState all;
  for (const auto& key : keys) {
    const auto known = std::ranges::find(states.rows, key->selector, &KeyStateRow::selector);
    const bool there = known != states.rows.end();
    KeyState state = there ? known->state : was_before(*key, states.begun) ? KeyState::active : KeyState::pending;
    if (there && known->key != mark_of(*key->signer)) state = KeyState::pending;  // was replaced under its name
    if (!there || known->key != mark_of(*key->signer)) all.unknown.push_back(new_key_row(*key, state, now));
    else if (is_replaced(*known, keys, states)) {
      state = KeyState::retiring;
      all.replaced.push_back(*known);
    }
    if (state == KeyState::pending && !propagation) state = KeyState::active;
    (state == KeyState::active ? all.signing : state == KeyState::pending ? all.pending : all.retiring).push_back(key);
  }
  if (all.signing.empty()) std::swap(all.signing, all.retiring);
  return all;
}

KeyStateRow now_active(const KeyStateRow& row, WallTime now) {
  KeyStateRow next = row;
  next.state = KeyState::active;
  next.since = next.next = whole(now);
  next.note.clear();
  return next;
}

KeyStateRow now_retiring(const KeyStateRow& row, seconds overlap, WallTime now) {
  KeyStateRow next = row;
  next.state = KeyState::retiring;
  next.since = whole(now);
  next.next = next.since + overlap;
  next.overlap = overlap;
  next.note.clear();
  return next;
}

KeyStateRow after_look(const KeyStateRow& pending, const KeyPublication& found, WallTime now) {
  if (found.is_everywhere()) return now_active(pending, now);
  KeyStateRow next = pending;
  ++next.looks;
  next.next =
      whole(now) + std::clamp(std::chrono::duration_cast<seconds>(now - pending.since) / 4, first_pause, longest_pause);
  next.note = cleaned(lacking(found), true, 500);
  return next;
}

std::vector<KeyStateRow> replaced_by(const DomainStates& states, const std::string& selector) {
  std::vector<KeyStateRow> rows;
  for (const auto& row : states.rows)
    if (row.state == KeyState::active && row.successor == selector) rows.push_back(row);
  return rows;
}

std::string objection_to_removal(const std::string& selector, const KeysByState& keys) {
  const auto is_it = [&](const DkimKeyPtr& key) { return key->selector == selector; };
  if (std::ranges::none_of(keys.signing, is_it) || keys.signing.size() > 1) return {};
  return "it is the only key that signs for its domain";
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "check/key_watch.h"

#include <algorithm>

#include "port/lookups.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds for_a_look{5}, for_a_disk{5};
constexpr std::chrono::hours try_again{1};      // what could not be removed
constexpr std::chrono::seconds count_again{5};  // pending keys

}  // namespace

void KeyWatch::tell(const KeyStateRow& row, std::string_view state, std::string_view reason) const {
  Event line("dkim-state");
  line.with("key", row.selector + "._domainkey." + row.domain).with("state", state);
  if (!reason.empty()) line.with("reason", reason);
  line.to(log_, Severity::notice);
}

void KeyWatch::step(StatedKeys& keys) {
  const auto done = work(keys);
  const std::string now = done ? std::string() : done.error().what;
  if (now.empty() == told_.empty()) return;  // as before, in other words perhaps
  told_ = now;
  if (now.empty()) Event("dkim-states-usable").to(log_, Severity::notice);
  else
    Event("dkim-states-failed")
        .with("reason", now)
        .with("what", "keys go on signing as far as it is known; new ones stay pending")
        .to(log_, Severity::error);
}

Result<void> KeyWatch::work(StatedKeys& keys) {
  KeyStates& states = keys.states();
  if (auto begun = states.begin(clock_.wall()); !begun) return begun;
  const auto to_write = keys.take_to_write();
  if (!to_write.unknown.empty())
    if (auto added = states.add(to_write.unknown, clock_.wall()); !added) return added;
  if (auto retired = retire(states, to_write.replaced); !retired) return retired;
  if (const auto now = clock_.steady(); now >= count_next_) {
    const auto pending = states.pending();
    if (!pending) return pending.error();
    stats_.pending = *pending;
    count_next_ = now + count_again;
  }
  const auto due = states.due(clock_.wall(), most_of_a_step);
  if (!due) return due.error();
  for (const auto& row : *due) {
    if (stopped_) return {};
    if (auto done = row.state == KeyState::pending ? look(keys, row) : remove(keys, row); !done) return done;
  }
  return {};
}

Result<void> KeyWatch::look(StatedKeys& keys, const KeyStateRow& row) {
  const KeysFound found = keys.keys().look(row.domain, Deadline::in(for_a_disk));
  const auto key = std::ranges::find(found.keys, row.selector, [](const DkimKeyPtr& one) { return one->selector; });
  KeyStateRow next = row;
  if (key == found.keys.end() && found.troubles.empty() && !found.unreachable)
    return keys.states().remove(row.domain, row.selector);  // it was taken away
  if (key == found.keys.end()) {
    KeyPublication none;
    none.trouble = "the key cannot be read";
    next = after_look(row, none, clock_.wall());
  } else if (mark_of(*(*key)->signer) != row.key) {
    return keys.states().add({new_key_row(**key, KeyState::pending, clock_.wall())}, clock_.wall());
  } else if (!keys.propagation()) {
    next = now_active(row, clock_.wall());
  } else {
    ++stats_.looks;
    const auto lookups = Lookups::make(fresh_, Deadline::in(for_a_look));
    const auto ask = [this](const IpAddress& server, const dns::Question& question) {
      return stopped_ ? nullptr : ask_(server, question);
    };
    next = after_look(row, find_publication(**key, *lookups, ask), clock_.wall());
    if (stopped_) return {};  // not all were asked
  }
  const auto changed = keys.states().change(row, next);
  if (!changed) return changed.error();
  if (!*changed) return {};
  if (next.state == KeyState::pending) {
    if (next.note != row.note) tell(next, "pending", next.note);
    return {};
  }
  ++stats_.activated;
  tell(next, "active", keys.propagation() ? "its record is published" : "propagation is off");
  const auto states = keys.states().of(next.domain, Deadline::in(for_a_disk));
  if (!states) return states.error();
  return retire(keys.states(), replaced_by(*states, next.selector));
}

Result<void> KeyWatch::retire(KeyStates& states, const std::vector<KeyStateRow>& rows) {
  for (const auto& row : rows) {
    const auto changed = states.change(row, now_retiring(row, row.overlap, clock_.wall()));
    if (!changed) return changed.error();
    if (!*changed) continue;
    ++stats_.retired;
    tell(row, "retiring", row.successor + " signs instead; leave its record published until it is removed");
  }
  return {};
}

Result<void> KeyWatch::remove(StatedKeys& keys, const KeyStateRow& row) {
  const auto sorted = keys.sorted(row.domain, Deadline::in(for_a_disk));
  if (!sorted) return sorted.error();
  std::string why = objection_to_removal(row.selector, *sorted);
  if (why.empty())
    if (const auto removed = keys.remove(row.domain, row.selector, Deadline::in(for_a_disk)); !removed)
      why = removed.error().what;
  if (why.empty()) {
    ++stats_.removed;
    tell(row, "removed", "its record may be removed too");
    return {};
  }
  KeyStateRow next = row;
  next.next = clock_.wall() + try_again;
  next.note = why;
  const auto changed = keys.states().change(row, next);
  if (!changed) return changed.error();
  if (why != row.note) tell(row, "retiring", "cannot be removed: " + why);
  return {};
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "check/stated_keys.h"

#include <algorithm>
#include <utility>

#include "base/blocking.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds look_again{1};
constexpr std::size_t most_to_write = 10'000;  // of each kind; what is left out is found again

void append(std::vector<KeyStateRow>& to, const std::vector<KeyStateRow>& rows) {
  const std::size_t room = most_to_write - std::min(most_to_write, to.size());
  to.insert(to.end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min(room, rows.size())));
}

}  // namespace

StatedKeys::SortedPtr StatedKeys::kept(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  const SortedPtr* found = places_.find(domain);
  return found == nullptr ? nullptr : *found;
}

void StatedKeys::keep(const std::string& domain, SortedPtr sorted) {
  const std::lock_guard lock(mutex_);
  append(to_write_.unknown, sorted->keys.unknown);
  append(to_write_.replaced, sorted->keys.replaced);
  if (SortedPtr* known = places_.find(domain)) *known = std::move(sorted);
  else places_.add(domain, std::move(sorted));
}

KeysFound StatedKeys::find(const std::string& domain, Deadline deadline) {
  const auto soon = [&] { return Deadline(std::min(deadline.at(), Deadline::in(parts_.longest).at())); };
  KeysFound found = parts_.keys->find(domain, soon());
  if (found.keys.empty()) return found;
  SortedPtr sorted = kept(domain);
  if (!sorted || sorted->found != found.keys || clock_.steady() - sorted->looked >= look_again) {
    auto now = std::make_shared<Sorted>();
    now->looked = clock_.steady();
    now->found = found.keys;
    Result<DomainStates> states = Error{};
    const Deadline until = soon();
    if (run_blocking(until, [&] { states = parts_.states->of(domain, until); }) && states) {
      now->states = std::move(*states);
      now->known = true;
    } else if (sorted && sorted->known) {
      now->states = sorted->states;
      now->known = true;
    }
    now->keys = sort_keys(now->found, now->states, propagation_, clock_.wall());
    if (!now->known) now->keys.unknown.clear();  // whether they have rows is not known
    keep(domain, now);
    sorted = std::move(now);
  }
  found.keys = sorted->keys.signing;
  found.pending = sorted->keys.pending;
  return found;
}

Result<void> StatedKeys::remove(const std::string& domain, const std::string& selector, Deadline deadline) const {
  if (auto removed = parts_.keys->remove(domain, selector, deadline); !removed) return removed.error();
  return parts_.states->remove(domain, selector);
}

Result<KeysByState> StatedKeys::sorted(const std::string& domain, Deadline deadline) const {
  const auto states = parts_.states->of(domain, deadline);
  if (!states) return states.error();
  return sort_keys(parts_.keys->look(domain, deadline).keys, *states, propagation_, clock_.wall());
}

StatedKeys::ToWrite StatedKeys::take_to_write() {
  const std::lock_guard lock(mutex_);
  return std::exchange(to_write_, {});
}

}  // namespace mailweir

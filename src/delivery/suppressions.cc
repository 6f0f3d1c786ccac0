// SPDX-License-Identifier: BSD-2-Clause
#include "delivery/suppressions.h"

#include <algorithm>

#include "delivery/bounce_kind.h"

namespace mailweir {
namespace {

std::string name_of(std::string_view scope, std::string_view recipient) {
  std::string name(scope);
  name += '\n';
  name += recipient;
  return name;
}

std::int64_t day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

}  // namespace

bool is_of_dead_mailbox(const Outcome& outcome) {
  if (outcome.status != DeliveryEvent::Status::bounced || !outcome.remote || outcome.relay == "none") return false;
  // Postfix says to which command it was the answer, at the end; Sendmail says this of RCPT only.
  const bool at_rcpt =
      outcome.text.ends_with("(in reply to RCPT TO command)") || outcome.text.starts_with("User unknown");
  if (!at_rcpt) return false;
  constexpr std::string_view certain[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"};
  if (std::ranges::find(certain, outcome.code) != std::end(certain)) return true;
  constexpr std::string_view vague[] = {"5.0.0", "5.4.1", "5.5.0"};
  return std::ranges::find(vague, outcome.code) != std::end(vague) &&
         bounce_kind(outcome.code, outcome.text) == BounceKind::hard;
}

bool Suppressions::bounced(const std::string& scope, const std::string& recipient, std::string_view answer,
                           WallTime now, std::chrono::milliseconds keep) {
  return state_.with([&](State& state) {
    const std::string name = name_of(scope, recipient);
    const auto found = state.by_name.find(name);
    if (found == state.by_name.end() || found->second->last + keep < now) {
      if (found != state.by_name.end()) {
        state.list.erase(found->second);
        state.by_name.erase(found);
      } else if (state.list.size() >= most) {
        state.by_name.erase(name_of(state.list.front().scope, state.list.front().recipient));
        state.list.pop_front();
      }
      state.list.push_back({scope, recipient, cleaned(answer, true, longest_answer), now, now, false});
      state.by_name.emplace(name, std::prev(state.list.end()));
      return false;
    }
    Suppression& one = *found->second;
    const bool proved = !one.proved && day_of(now) != day_of(one.first);
    one.proved = one.proved || proved;
    one.last = now;
    state.list.splice(state.list.end(), state.list, found->second);
    return proved;
  });
}

bool Suppressions::delivered(std::string_view scope, std::string_view recipient) {
  return state_.with([&](State& state) {
    const auto found = state.by_name.find(name_of(scope, recipient));
    if (found == state.by_name.end()) return false;
    const bool was = found->second->proved;
    state.list.erase(found->second);
    state.by_name.erase(found);
    return was;
  });
}

std::optional<Suppression> Suppressions::find(std::string_view scope, std::string_view recipient, WallTime now,
                                              std::chrono::milliseconds keep) const {
  return state_.with([&](const State& state) -> std::optional<Suppression> {
    const auto found = state.by_name.find(name_of(scope, recipient));
    if (found == state.by_name.end() || !found->second->proved || found->second->last + keep < now) return {};
    return *found->second;
  });
}

void Suppressions::put(Suppression suppression) {
  state_.with([&](State& state) {
    const std::string name = name_of(suppression.scope, suppression.recipient);
    if (const auto old = state.by_name.find(name); old != state.by_name.end()) {
      state.list.erase(old->second);
      state.by_name.erase(old);
    }
    if (state.list.size() >= most) return;
    const auto place = std::ranges::find_if(state.list.rbegin(), state.list.rend(),
                                            [&](const Suppression& one) { return one.last <= suppression.last; });
    state.by_name.emplace(name, state.list.insert(place.base(), std::move(suppression)));
  });
}

std::vector<Suppression> Suppressions::all() const {
  return state_.with([](const State& state) { return std::vector<Suppression>(state.list.begin(), state.list.end()); });
}

std::size_t Suppressions::size() const {
  return state_.with([](const State& state) { return state.list.size(); });
}

}  // namespace mailweir

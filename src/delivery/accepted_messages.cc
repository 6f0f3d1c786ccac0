// SPDX-License-Identifier: BSD-2-Clause
#include "delivery/accepted_messages.h"

#include <algorithm>
#include <utility>

#include "base/ip.h"
#include "delivery/log_words.h"
#include "mail/address.h"

namespace mailweir {
namespace {

using What = DeliveryEvent::What;
using Status = DeliveryEvent::Status;

constexpr std::size_t most_unlinked = 1000, most_second_ids = 10, most_of_a_message_id = 8;
constexpr std::size_t longest_message_id = 1000;

// As much as it takes in memory, about.
std::size_t size_of(const AcceptedMessages::Kept& kept) {
  const AcceptedMessage& message = *kept.message;
  std::size_t size = 700 + message.message_id.size() * 3 + message.sender.size() + message.login.size();
  for (const auto& recipient : message.recipients) size += sizeof(recipient) + recipient.size() + 1;
  for (const CountedFor& one : message.counted_for)
    size += sizeof one + one.rule.size() + one.counter.size() + one.key.size() + one.accepted.size() * 400;
  return size;
}

bool is_loopback(std::string_view address) {
  return address == "::1" || (address.starts_with("127.") && IpAddress::parse(address));
}

// "localhost[127.0.0.1]:10024"
bool is_relay_on_loopback(std::string_view relay) {
  const auto begin = relay.find('['), end = relay.find(']');
  return begin != relay.npos && end != relay.npos && end > begin &&
         is_loopback(relay.substr(begin + 1, end - begin - 1));
}

// "250 2.0.0 Ok: queued as 4XYZ", as Postfix answers, and as amavis quotes it.
std::string_view queued_as(std::string_view text) {
  constexpr std::string_view words = "queued as ";
  const auto at = text.rfind(words);
  if (at == text.npos) return {};
  auto id = text.substr(at + words.size());
  while (!id.empty() && (id.back() == ')' || id.back() == '.')) id.remove_suffix(1);
  return is_queue_id(id) ? id : std::string_view();
}

}  // namespace

AcceptedMessages::Held* AcceptedMessages::State::find(std::string_view queue_id) {
  const auto found = by_id.find(queue_id);
  return found != by_id.end() ? &*found->second : nullptr;
}

void AcceptedMessages::State::name(Held& held, std::string_view message_id) {
  if (!held.message_id.empty() || message_id.empty() || message_id.size() > longest_message_id) return;
  auto& ids = by_message_id[std::string(message_id)];
  if (ids.size() >= most_of_a_message_id) return;
  ids.push_back(held.message->queue_id);
  held.message_id = message_id;
}

void AcceptedMessages::State::link(const std::string& second, std::string_view first) {
  const auto found = by_id.find(first);
  if (found == by_id.end() || second == first) return;
  Held& held = *found->second;
  if (held.second_ids.size() >= most_second_ids) return;
  if (const auto own = by_id.find(second); own != by_id.end()) {
    if (own->second->message->queue_id != second || own->second == found->second) return;  // linked already
    drop(own->second);  // the milter was asked about it once more
  }
  held.second_ids.push_back(second);
  by_id.emplace(second, found->second);
  for (Fate& fate : held.fates)
    if (fate == Fate::sent) fate = Fate::open;  // to the filter only
}

void AcceptedMessages::State::drop(List::iterator held) {
  bytes -= size_of(*held);
  if (const auto ids = by_message_id.find(held->message_id); ids != by_message_id.end()) {
    std::erase(ids->second, held->message->queue_id);
    if (ids->second.empty()) by_message_id.erase(ids);
  }
  for (const auto& second : held->second_ids) by_id.erase(second);
  by_id.erase(held->message->queue_id);
  list.erase(held);
}

void AcceptedMessages::add(Kept kept) {
  if (kept.message->queue_id.empty()) return;
  kept.fates.resize(kept.message->recipients.size(), Fate::open);
  state_.with([&](State& state) {
    const std::string id = kept.message->queue_id;
    if (const auto old = state.by_id.find(id); old != state.by_id.end()) {
      if (old->second->message->queue_id != id) return;  // the second id of a message that is known
      state.drop(old->second);
    }
    state.bytes += size_of(kept);
    const WallTime oldest = kept.message->time - config_.remember;
    state.list.push_back({{std::move(kept)}, {}, {}, false});
    state.by_id.emplace(id, std::prev(state.list.end()));
    state.name(state.list.back(), state.list.back().message->message_id);
    while (!state.list.empty()) {
      const bool full = state.bytes > config_.memory;
      if (!full && state.list.front().message->time >= oldest) break;
      if (full) ++state.forgotten;
      state.drop(state.list.begin());
    }
  });
}

std::vector<Outcome> AcceptedMessages::note(const DeliveryEvent& event) {
  std::vector<Outcome> outcomes;
  state_.with([&](State& state) {
    switch (event.what) {
      case What::attempt: return attempt(state, event, outcomes);
      case What::accepted: return accepted(state, event);
      case What::message_id: return identified(state, event);
      case What::removed: return removed(state, event);
    }
  });
  return outcomes;
}

void AcceptedMessages::attempt(State& state, const DeliveryEvent& event, std::vector<Outcome>& outcomes) {
  if (event.status != Status::sent && event.status != Status::bounced) return;
  Held* held = state.find(event.queue_id);
  if (held == nullptr) return;
  if (event.status == Status::sent && event.queue_id == held->message->queue_id && is_relay_on_loopback(event.relay)) {
    held->on_loopback = true;
    if (const auto second = queued_as(event.text); !second.empty()) state.link(std::string(second), event.queue_id);
    // Our own filter has it: what it sends back says what became of it.
    if (!held->second_ids.empty()) return;
  }
  for (const std::string& written : event.recipients) {
    if (!event.first_recipient.empty() && !equal_folded(event.first_recipient, written)) continue;
    const std::string recipient = Address::parse(written).text();
    const auto& recipients = held->message->recipients;
    const auto place = std::ranges::find(recipients, recipient);
    if (place == recipients.end()) continue;
    Fate& fate = held->fates[static_cast<std::size_t>(place - recipients.begin())];
    if (fate != Fate::open) continue;
    fate = event.status == Status::sent ? Fate::sent : Fate::bounced;
    outcomes.push_back({held->message, recipient, event.status, event.code, event.relay, event.text, event.remote});
  }
}

void AcceptedMessages::accepted(State& state, const DeliveryEvent& event) {
  if (!is_loopback(event.client_address)) return;
  if (!event.first_queue_id.empty()) return state.link(event.queue_id, event.first_queue_id);
  state.unlinked.push_back(event.queue_id);
  if (state.unlinked.size() > most_unlinked) state.unlinked.pop_front();
}

void AcceptedMessages::identified(State& state, const DeliveryEvent& event) {
  const bool from_loopback = std::erase(state.unlinked, event.queue_id) > 0;
  if (from_loopback) {
    const auto ids = state.by_message_id.find(event.message_id);
    std::vector<std::string> others;
    if (ids != state.by_message_id.end())
      for (const auto& id : ids->second)
        if (id != event.queue_id) others.push_back(id);
    if (others.size() == 1) return state.link(event.queue_id, others.front());
  }
  if (Held* held = state.find(event.queue_id)) state.name(*held, event.message_id);
}

void AcceptedMessages::removed(State& state, const DeliveryEvent& event) {
  const auto found = state.by_id.find(event.queue_id);
  if (found == state.by_id.end()) return;
  Held& held = *found->second;
  const bool first = event.queue_id == held.message->queue_id;
  if (first && (held.on_loopback || !held.second_ids.empty())) return;
  state.drop(found->second);
}

AcceptedMessagesStats AcceptedMessages::stats() const {
  return state_.with([](const State& state) {
    return AcceptedMessagesStats{state.list.size(), state.bytes, state.forgotten};
  });
}

std::vector<AcceptedMessages::Kept> AcceptedMessages::all() const {
  return state_.with([](const State& state) { return std::vector<Kept>(state.list.begin(), state.list.end()); });
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/lease_table.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "port/counter_store.h"

namespace mailweir {
namespace {

constexpr std::int64_t lease_ms = std::chrono::milliseconds(lease_time).count();

bool is_alive(std::int64_t expiry, std::int64_t now) { return expiry > now; }

}  // namespace

void LeaseTable::Members::settle(std::int64_t now) {
  if (latest <= now + lease_ms) return;
  latest = now + lease_ms;
  earliest = std::min(earliest, latest);
  for (auto& member : expiry) member.second = std::min(member.second, latest);
}

std::uint64_t LeaseTable::Members::alive(std::int64_t now) const {
  if (all_alive(now)) return expiry.size();
  std::uint64_t count = 0;
  for (const auto& member : expiry) count += is_alive(member.second, now) ? 1 : 0;
  return count;
}

std::size_t LeaseTable::drop_expired(const Name& name, Members& members, std::int64_t now) {
  members.settle(now);
  if (members.all_alive(now)) return 0;
  members.earliest = std::numeric_limits<std::int64_t>::max();
  members.latest = 0;
  const auto is_dead = [now](const auto& member) { return !is_alive(member.second, now); };
  const std::size_t dropped = std::erase_if(members.expiry, is_dead);
  for (const auto& member : members.expiry) {
    members.earliest = std::min(members.earliest, member.second);
    members.latest = std::max(members.latest, member.second);
  }
  forget(name, dropped);
  return dropped;
}

LeaseTable::Found LeaseTable::look(std::string_view limit, std::string_view key, std::string_view member,
                                   std::int64_t now) {
  const auto counter = counters_.find(NameView{limit, key});
  if (counter == counters_.end()) return {};
  counter->second.settle(now);
  const auto held = counter->second.expiry.find(member);
  const bool is_held = held != counter->second.expiry.end() && is_alive(held->second, now);
  return {counter->second.alive(now) - (is_held ? 1 : 0), is_held};
}

std::int64_t LeaseTable::left_at(std::string_view limit, std::string_view key, std::uint64_t leases,
                                 std::int64_t now) const {
  std::vector<std::int64_t> times;
  if (const auto counter = counters_.find(NameView{limit, key}); counter != counters_.end()) {
    for (const auto& member : counter->second.expiry) {
      if (is_alive(member.second, now)) times.push_back(member.second);
    }
  }
  if (leases == 0 || leases > times.size()) return now + lease_ms;
  const auto nth = times.begin() + static_cast<std::ptrdiff_t>(leases - 1);
  std::nth_element(times.begin(), nth, times.end());
  return *nth;
}

void LeaseTable::take(std::string_view limit, std::string_view key, std::string_view member, std::int64_t now,
                      CounterRoom::Owner owner) {
  auto counter = counters_.find(NameView{limit, key});
  if (counter == counters_.end())
    counter = counters_.emplace(Name{std::string(limit), std::string(key), owner}, Members{}).first;
  Members& members = counter->second;
  drop_expired(counter->first, members, now);
  const std::int64_t expiry = now + lease_ms;
  members.earliest = std::min(members.earliest, expiry);
  members.latest = std::max(members.latest, expiry);
  const auto held = members.expiry.find(member);
  if (held != members.expiry.end()) {
    held->second = expiry;
    return;
  }
  members.expiry.emplace(member, expiry);
  ++size_;
  if (room_ != nullptr) room_->add(counter->first.owner, 1);
}

bool LeaseTable::release(std::string_view limit, std::string_view key, std::string_view member) {
  const auto counter = counters_.find(NameView{limit, key});
  if (counter == counters_.end()) return false;
  auto& expiry = counter->second.expiry;
  const auto held = expiry.find(member);
  if (held == expiry.end()) return false;
  expiry.erase(held);
  forget(counter->first, 1);
  if (expiry.empty()) counters_.erase(counter);
  return true;
}

std::size_t LeaseTable::erase(std::string_view limit, std::string_view key, std::int64_t now) {
  const auto counter = counters_.find(NameView{limit, key});
  if (counter == counters_.end()) return 0;
  const bool any = counter->second.alive(now) > 0;
  forget(counter->first, counter->second.expiry.size());
  counters_.erase(counter);
  return any ? 1 : 0;
}

std::size_t LeaseTable::sweep(std::int64_t now, bool forced) {
  if (!forced && now < next_sweep_ && next_sweep_ <= now + lease_ms) return 0;
  next_sweep_ = now + lease_ms;
  std::size_t dropped = 0;
  for (auto counter = counters_.begin(); counter != counters_.end();) {
    dropped += drop_expired(counter->first, counter->second, now);
    counter = counter->second.expiry.empty() ? counters_.erase(counter) : std::next(counter);
  }
  return dropped;
}

void LeaseTable::for_each(std::int64_t now, const Use& use) const {
  for (const auto& [name, members] : counters_) {
    if (const std::uint64_t alive = members.alive(now); alive > 0) use(name.limit, name.key, alive);
  }
}

void LeaseTable::clear() {
  for (const auto& [name, members] : counters_) forget(name, members.expiry.size());
  counters_.clear();
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/redis_hand_back.h"

#include "adapter/redis/redis_cluster.h"
#include "adapter/redis/redis_key.h"

namespace mailweir {

std::string RedisHandBack::key_of_slot(unsigned slot) const {
  // With a hash tag in the prefix all keys are of one slot, and with one server any will do.
  const bool any = !route_.splits() || redis_slot(prefix_ + "{a}") == redis_slot(prefix_ + "{b}");
  for (std::uint64_t number = 0;; ++number) {
    std::string key = prefix_ + "{probe-" + std::to_string(number) + '}';
    if (any || redis_slot(key) == slot) return key;
  }
}

Result<void> RedisHandBack::run(const RedisCall& call, unsigned slot, Deadline deadline) {
  const auto reply = route_.run(call, slot, deadline);
  return reply ? Result<void>() : reply.error();
}

Result<void> RedisHandBack::probe(std::int64_t now, Deadline deadline) {
  const auto slots = route_.sample_slots(deadline);
  if (!slots) return slots.error();
  for (const unsigned slot : *slots) {
    RedisCall call("probe", now);
    call.add_key(key_of_slot(slot));
    if (auto done = run(call, slot, deadline); !done) return done;
  }
  return {};
}

// Slots that were not looked at before are of a cluster that has changed.
Result<bool> RedisHandBack::has_lost_all(std::int64_t now, Deadline deadline) {
  const auto slots = route_.sample_slots(deadline);
  if (!slots) return slots.error();
  std::set<unsigned> marked;
  bool lost = false;
  for (const unsigned slot : *slots) {
    RedisCall call("mark", now);
    call.add_key(key_of_slot(slot) + ":mark");
    const auto there = route_.run(call, slot, deadline);
    if (!there) return there.error();
    marked.insert(slot);
    lost = lost || (there->integer == 0 && marked_.with([&](const auto& before) { return before.contains(slot); }));
  }
  marked_.with([&](auto& before) { before = std::move(marked); });
  return lost;
}

Result<void> RedisHandBack::merge(std::string_view id, const CountedElsewhere& counted, std::int64_t now,
                                  Deadline deadline) {
  if (auto merged = merge_values(counted, now, deadline); !merged || counted.parts.empty()) return merged;
  RedisCall call("merge", now);
  const std::string name = redis_key::name_of(prefix_, counted.limit, counted.key);
  call.add_key(name + "merged:" + std::string(id));
  for (std::size_t i = 0; i < counted.parts.size();) {
    const auto period = counted.parts[i].period;
    std::size_t end = i;
    while (end < counted.parts.size() && counted.parts[end].period == period) ++end;
    call.add_key(name + std::to_string(period.count()));
    call.add(static_cast<std::int64_t>(period.count() * 1000));
    call.add(static_cast<std::int64_t>(end - i));
    for (; i < end; ++i) {
      call.add(static_cast<std::int64_t>(counted.parts[i].age.count()));
      call.add(static_cast<std::int64_t>(counted.parts[i].units));
    }
  }
  return run(call, redis_slot(name), deadline);
}

// A call for each period; it may be done again.
Result<void> RedisHandBack::merge_values(const CountedElsewhere& counted, std::int64_t now, Deadline deadline) {
  const std::string name = redis_key::name_of(prefix_, counted.limit, counted.key);
  for (std::size_t i = 0; i < counted.values.size();) {
    const auto& first = counted.values[i];
    const bool remembered = first.period.count() == 0;
    RedisCall call("merge_values", now);
    call.add_key(name +
                 (remembered ? std::string(redis_key::seen_suffix) : std::to_string(first.period.count()) + 'd'));
    call.add(static_cast<std::int64_t>((remembered ? remembered_for : first.period).count() * 1000));
    call.add(static_cast<std::int64_t>(first.keep));
    for (; i < counted.values.size() && counted.values[i].period == first.period; ++i) {
      call.add(static_cast<std::int64_t>(counted.values[i].age.count()));
      call.add(counted.values[i].value);
    }
    if (auto merged = run(call, redis_slot(name), deadline); !merged) return merged;
  }
  return {};
}

Result<SharedCounters::Nodes> RedisHandBack::sign_in(std::string_view node, bool adding, std::chrono::milliseconds age,
                                                     std::int64_t now, Deadline deadline) {
  RedisCall call("sign_in", now);
  const std::string key = prefix_ + "{nodes}";
  call.add_key(key);
  call.add(node);
  call.add(adding);
  call.add(static_cast<std::int64_t>(age.count()));
  const auto reply = route_.run(call, redis_slot(key), deadline);
  if (!reply) return reply.error();
  if (reply->elements.size() != 2) return Error{"unexpected answer to our script; is it a Redis server?", true};
  return SharedCounters::Nodes{static_cast<std::size_t>(reply->elements[0].integer),
                               static_cast<std::size_t>(reply->elements[1].integer)};
}

}  // namespace mailweir

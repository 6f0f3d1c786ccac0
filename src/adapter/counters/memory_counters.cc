// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/memory_counters.h"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <vector>

#include "adapter/counters/block_list.h"
#include "adapter/counters/counter_file.h"
#include "adapter/counters/counter_rows.h"
#include "adapter/counters/memory_charge.h"
#include "adapter/counters/memory_shard.h"
#include "base/keyed_hash.h"
#include "base/text.h"
#include "port/ring.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds between_full_sweeps{1};  // when the memory is full

class MemoryCountersStore final : public MemoryCounters {
 public:
  MemoryCountersStore(const MemoryCountersConfig& config, const Clock& clock)
      : config_(config), clock_(clock), room_(config.max_counters), blocks_(config.max_counters),
        origin_(wall_now() - steady_now()) {
    for (Shard& shard : shards_) shard.tell(room_);
  }

  Result<Charged> charge(std::span<const Charge> charges, Deadline) override {
    if (auto checked = check_charges(charges); !checked) return checked.error();
    stats_.charges.fetch_add(1, std::memory_order_relaxed);
    MemoryCharge work(charges, shards_, blocks_, hash_);
    Result<Charged> charged = try_charge(work, true);
    if (!charged) {  // nothing is counted without before what has expired is gone
      make_room();
      charged = try_charge(work, false);
      count_left_out(work);
    }
    if (!charged) return full(charged.error().what);
    if (!charged->taken) stats_.refused.fetch_add(1, std::memory_order_relaxed);
    return *std::move(charged);
  }

  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline) override {
    if (auto checked = check_receipt(charges, receipt); !checked) return checked;
    MemoryCharge work(charges, shards_, blocks_, hash_);
    const ShardLocks locks(shards_, work.set(), stats_.counters);
    work.give_back(receipt);
    return {};
  }

  Result<void> renew(std::span<const Charge> leases, Deadline) override {
    if (auto checked = check_leases(leases); !checked) return checked;
    for (const Charge& lease : leases) {  // one by one: nothing ties leases together
      if (lease.windows.empty()) continue;
      if (!renew_one(lease) && !(make_room() && renew_one(lease))) return full(lease.limit);
    }
    return {};
  }

  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline) override {
    CounterRows rows(query);
    const std::int64_t time = now();
    const auto add = [&](std::string_view limit, std::string_view key, std::uint32_t period, std::uint64_t count) {
      if ((!query.limit.empty() && query.limit != limit) || (!query.key.empty() && query.key != key)) return;
      if (rows.wants(count)) rows.add({std::string(limit), std::string(key), std::chrono::seconds(period), count});
    };
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      shard.rings.for_each([&](const CounterRecord& record) {
        const std::int64_t slot = std::max(ring::slot_at(time, std::int64_t{record.period} * 1000), record.head);
        std::uint64_t count = 0;
        for (std::int64_t age = 0; slot - record.head + age < ring::cells; ++age) count += record.ages[age];
        add(record.limit, record.key, record.period, count);
      });
      shard.values.for_each(time, [&](const ValueSetName& name, std::uint64_t live) {
        if (name.period != 0) add(name.limit, name.key, name.period, live);
      });
      shard.leases.for_each(time, [&](auto limit, auto key, auto members) { add(limit, key, 0, members); });
    }
    return rows.take();
  }

  Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline) override {
    std::size_t removed = 0;
    for (std::size_t i = 0; i < shard_count; ++i) {
      const ShardLocks lock(shards_, ShardSet{1} << i, stats_.counters);
      removed += shards_[i].rings.erase(limit, key) + shards_[i].leases.erase(limit, key, now()) +
                 shards_[i].values.erase(limit, key, now());
    }
    return removed;
  }

  Result<bool> block(const Block& block, bool replace, Deadline) override {
    if (auto checked = check_block(block); !checked) return checked.error();
    const auto put = blocks_.put(block, replace, now());
    if (put == BlockList::Put::full) {
      ++(block.stranger ? stats_.no_room_for_strangers : stats_.no_room_for_ours);
      return full(block.limit);
    }
    return put == BlockList::Put::made;
  }
  Result<bool> unblock(std::string_view limit, std::string_view key, Deadline) override {
    return blocks_.erase(limit, key, now());
  }
  Result<std::vector<Block>> blocks(std::size_t most, Deadline) override {
    auto all = blocks_.list(now());
    std::erase_if(all, [](const Block& block) { return is_alert_mark(block.limit); });
    if (all.size() > most) all.resize(most);
    return all;
  }

  void follow(std::span<const Charge> charges, const Charged& other) override {
    std::size_t windows = 0;
    for (const Charge& charge : charges) windows += charge.windows.size();
    if (other.levels.size() != charges.size() || other.totals.size() != windows ||
        other.receipt.slots.size() != windows)
      return;
    MemoryCharge work(charges, shards_, blocks_, hash_);
    ShardLocks locks(shards_, work.set(), stats_.counters);
    work.look(now());
    work.admit_followed(locks, room_);
    work.follow(other);
    count_left_out(work);
  }

  Result<void> save(const std::string& path) override {
    const std::lock_guard one_at_a_time(saving_);
    auto writer = CounterFileWriter::open(path, {now(), wall_now()});
    if (!writer) return writer.error();
    for (Shard& shard : shards_) {
      {
        const std::lock_guard lock(shard.mutex);
        shard.rings.for_each([&](const CounterRecord& record) { writer->add(record); });
        shard.values.for_each_value(
            [&](const ValueSetName& name, std::string_view member, std::int64_t at) { writer->add(name, member, at); });
      }
      if (auto written = writer->flush(); !written) return written;
    }
    for (const Block& block : blocks_.list(now())) writer->add(block, now() + block.left.count());
    return writer->commit();
  }

  Result<RestoredCounters> restore(const std::string& path) override {
    clear();
    RestoredCounters result;
    std::int64_t time = now();
    const auto read = read_counter_file(
        path,
        [&](const CounterFileTime& saved) {
          // A clock that says that it was saved later than now is no reason to let the counters wait for it.
          time = saved.store + std::max<std::int64_t>(wall_now() - saved.wall, 0);
          origin_ = time - steady_now();
        },
        [&](const CounterRecord& record) {
          if (ring::gone_at(record.head, std::int64_t{record.period} * 1000) <= time) ++result.expired;
          else if (!restore_one(record)) ++result.no_room;
          else ++result.restored;
        },
        [&](Block& block, std::int64_t end) {
          block.left = std::chrono::milliseconds(end - time);
          if (end > time) blocks_.put(block, true, time);
        },
        [&](const ValueSetName& name, std::string_view member, std::int64_t at) {
          if (at + ValueTable::span_of(name.period) <= time) ++result.expired;
          else if (!restore_value(name, member, at)) ++result.no_room;
          else ++result.restored;
        });
    if (read) return result;
    clear();
    return read.error();
  }

  const MemoryCounterStats& stats() const override {
    stats_.strangers = room_.of_strangers();
    return stats_;
  }
  std::int64_t now() const override { return origin_ + steady_now(); }

 private:
  // `all`: also those that are dispensable. An error is the limit that there is no room for.
  Result<Charged> try_charge(MemoryCharge& work, bool all) {
    ShardLocks locks(shards_, work.set(), stats_.counters);
    work.look(now());
    if (auto admitted = work.admit(locks, room_, all); !admitted) return admitted.error();
    return work.count();
  }

  bool renew_one(const Charge& lease) {
    Charge held = lease;
    held.amount = 1;
    held.enforce = false;  // who is there already is not turned away
    MemoryCharge work({&held, 1}, shards_, blocks_, hash_);
    return static_cast<bool>(try_charge(work, true));
  }

  void count_left_out(const MemoryCharge& work) {
    stats_.no_room_for_ours += work.left_out().ours;
    stats_.no_room_for_strangers += work.left_out().strangers;
  }

  bool restore_one(const CounterRecord& record) {
    const Charge charge{.limit = std::string(record.limit),
                        .key = std::string(record.key),
                        .windows = {{0, std::chrono::seconds(record.period)}},
                        .member = {}};
    MemoryCharge work({&charge, 1}, shards_, blocks_, hash_);
    ShardLocks locks(shards_, work.set(), stats_.counters);
    if (!locks.reserve(1, config_.max_counters)) return false;
    work.restore(record, room_.owner(record.limit, record.stranger));
    return true;
  }

  bool restore_value(const ValueSetName& name, std::string_view member, std::int64_t at) {
    Charge charge;
    charge.kind = name.period == 0 ? CountKind::first_seen : CountKind::distinct;
    charge.limit = name.limit;
    charge.key = name.key;
    charge.windows = {{0, std::chrono::seconds(name.period)}};
    charge.member = member;
    MemoryCharge work({&charge, 1}, shards_, blocks_, hash_);
    ShardLocks locks(shards_, work.set(), stats_.counters);
    if (!locks.reserve(1, config_.max_counters)) return false;
    work.restore_value(at, room_.owner(name.limit, CounterRoom::is_stranger(name.owner)));
    return true;
  }

  // Removes all that has expired; false when that was done a moment ago already.
  bool make_room() {
    const SteadyTime asked = clock_.steady();
    const std::lock_guard one_at_a_time(making_room_);
    const SteadyTime time = clock_.steady();
    if (made_room_ && *made_room_ > asked) return true;  // by another caller while this one waited
    if (made_room_ && time - *made_room_ < between_full_sweeps) return false;
    made_room_ = time;
    for (std::size_t i = 0; i < shard_count; ++i) {
      const ShardLocks lock(shards_, ShardSet{1} << i, stats_.counters);
      shards_[i].rings.sweep(std::numeric_limits<std::size_t>::max(), now());
      shards_[i].leases.sweep(now(), true);
      shards_[i].values.sweep(now(), true);
    }
    return true;
  }

  void clear() {
    for (std::size_t i = 0; i < shard_count; ++i) {
      const ShardLocks lock(shards_, ShardSet{1} << i, stats_.counters);
      shards_[i].rings.clear();
      shards_[i].leases.clear();
      shards_[i].values.clear();
    }
    blocks_.clear();
  }

  Error full(std::string_view limit) {
    ++stats_.full;
    return Error{"counter memory is full for limit \"" + cleaned(limit, true, 100) + "\" (" +
                     std::to_string(stats_.counters) + " of " + std::to_string(config_.max_counters) +
                     " counters in use, " + std::to_string(room_.of_strangers()) +
                     " of them created by incoming mail, which can use half): raise max_counters, or find out with "
                     "\"mailweirctl counters\" which "
                     "limit has so many keys",
                 true};
  }

  std::int64_t wall_now() const {
    return std::chrono::floor<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count();
  }
  std::int64_t steady_now() const {
    return std::chrono::floor<std::chrono::milliseconds>(clock_.steady().time_since_epoch()).count();
  }

  const MemoryCountersConfig config_;
  const Clock& clock_;
  const KeyedHash hash_;
  CounterRoom room_;
  std::array<Shard, shard_count> shards_;
  BlockList blocks_;
  mutable MemoryCounterStats stats_;
  std::atomic<std::int64_t> origin_;  // of the store's time, on the steady clock
  std::mutex saving_;
  std::mutex making_room_;  // guards:
  std::optional<SteadyTime> made_room_;
};

}  // namespace

std::unique_ptr<MemoryCounters> make_memory_counters(const MemoryCountersConfig& config, const Clock& clock) {
  return std::make_unique<MemoryCountersStore>(config, clock);
}

}  // namespace mailweir

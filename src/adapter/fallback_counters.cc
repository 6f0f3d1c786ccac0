// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/fallback_counters.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "adapter/circuit_breaker.h"
#include "adapter/local_counts.h"
#include "adapter/waiting_blocks.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::uint8_t in_shared = 0, in_local = 1;

// The leases among charges, with their part of the receipt.
struct Leases {
  std::vector<Charge> charges;
  Receipt receipt;
};

Leases leases_of(std::span<const Charge> charges, const Receipt& receipt) {
  Leases leases;
  std::size_t at = 0;
  for (const Charge& charge : charges) {
    const std::size_t end = std::min(at + charge.windows.size(), receipt.slots.size());
    if (charge.kind == CountKind::lease) {
      leases.charges.push_back(charge);
      leases.receipt.slots.insert(leases.receipt.slots.end(), receipt.slots.begin() + static_cast<std::ptrdiff_t>(at),
                                  receipt.slots.begin() + static_cast<std::ptrdiff_t>(end));
    }
    at = end;
  }
  return leases;
}

// A limit at `share` of what is left of it: `known` is counted by others or from before, and stays counted.
Window shared_out(const Window& window, std::uint64_t total, std::uint64_t counted_here, double share) {
  const std::uint64_t known = total - std::min(total, counted_here);
  if (known >= window.max) return window;
  const double left = static_cast<double>(window.max - known) * share;
  Window part = window;
  part.max = known + std::max<std::uint64_t>(static_cast<std::uint64_t>(left), 1);
  return part;
}

std::string unique_node_id() {
  std::random_device random;
  return std::to_string(random()) + '-' + std::to_string(random()) + '-';
}

class FallbackCountersStore final : public FallbackCounters {
 public:
  FallbackCountersStore(std::unique_ptr<SharedCounters> shared, std::unique_ptr<MemoryCounters> local,
                        const FallbackConfig& config, const Clock& clock, Log& log)
      : config_(config), clock_(clock), shared_(std::move(shared)), local_(std::move(local)), waiting_(config.most_waiting),
        blocks_(config.most_waiting),
        breaker_(config, local_ ? "local counters" : "nothing counts", clock, log, stats_) {
    stats_.since = seconds_now();
    if (config_.own_thread) watcher_ = std::thread([this] { watch(); });
  }
  ~FallbackCountersStore() override {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    if (watcher_.joinable()) watcher_.join();
  }

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    auto charged = with_shared(deadline, [&](CounterStore& store) { return store.charge(charges, deadline); });
    if (charged) {
      charged->receipt.store = in_shared;
      if (local_) local_->follow(charges, *charged);
      return charged;
    }
    if (!charged.error().temporary || !local_) return charged;
    return charge_locally(charges, deadline);
  }

  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    const Leases leases = leases_of(charges, receipt);
    const bool was_shared = receipt.store == in_shared;
    if (!was_shared && !leases.charges.empty())
      (void)with_shared(deadline, [&](CounterStore& store) {
        return store.give_back(leases.charges, leases.receipt, deadline);
      });
    Result<void> here;
    if (local_) here = local_->give_back(charges, receipt, deadline);  // it follows the shared one, so it has them too
    if (was_shared)
      return with_shared(deadline, [&](CounterStore& store) { return store.give_back(charges, receipt, deadline); });
    // What was added to the shared store meanwhile is there, in the slots of its time.
    const auto rest = waiting_.take_back(charges, receipt);
    if (rest && stats_.up)
      return with_shared(deadline, [&](CounterStore& store) { return store.give_back(charges, *rest, deadline); });
    return here;
  }

  Result<void> renew(std::span<const Charge> leases, Deadline deadline) override {
    auto renewed = with_shared(deadline, [&](CounterStore& store) { return store.renew(leases, deadline); });
    if (!local_ || (!renewed && !renewed.error().temporary)) return renewed;
    return local_->renew(leases, deadline);
  }

  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) override {
    if (stats_.up || !local_) return looked_up(deadline, [&](CounterStore& store) { return store.list(query, deadline); });
    return local_->list(query, deadline);
  }

  Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline deadline) override {
    const auto here = local_ ? local_->reset(limit, key, deadline) : Result<std::size_t>(0);
    auto there = looked_up(deadline, [&](CounterStore& store) { return store.reset(limit, key, deadline); });
    return there ? there : told_of_here(there.error(), here && *here > 0);
  }

  // While the store is away: on this node, and there as soon as it is back.
  Result<bool> block(const Block& block, bool replace, Deadline deadline) override {
    auto blocked = with_shared(deadline, [&](CounterStore& store) { return store.block(block, replace, deadline); });
    if (!local_ || (!blocked && !blocked.error().temporary)) return blocked;
    const auto here = local_->block(block, replace, deadline);
    if (blocked || !here) return blocked ? blocked : here;
    if (*here) blocks_.add(block, replace, now());
    if (*here && stats_.up) wake();
    return here;
  }
  Result<bool> unblock(std::string_view limit, std::string_view key, Deadline deadline) override {
    blocks_.remove(limit, key);
    const auto here = local_ ? local_->unblock(limit, key, deadline) : Result<bool>(false);
    auto there = with_shared(deadline, [&](CounterStore& store) { return store.unblock(limit, key, deadline); });
    return there ? there : told_of_here(there.error(), here && *here);
  }
  Result<std::vector<Block>> blocks(std::size_t most, Deadline deadline) override {
    if (stats_.up || !local_) return looked_up(deadline, [&](CounterStore& store) { return store.blocks(most, deadline); });
    return local_->blocks(most, deadline);
  }

  const FallbackStats& stats() const override { return stats_; }
  const SharedCounters& shared() const override { return *shared_; }
  std::size_t waiting() const override { return waiting_.counters() + blocks_.size() + (unsure_ ? 1 : 0); }
  std::uint64_t lost() const override { return waiting_.lost(); }

  void use_deadline(std::chrono::milliseconds deadline) override {
    breaker_.use_fair_time(deadline / 2);
    patience_ = deadline;
  }
  void first_look() override {
    const auto probed = shared_->probe(Deadline::in(patience_.load()));
    if (!probed && breaker_.failed({}, probed.error())) wake();
  }

  bool look_after() override {
    if (stats_.up && waiting() == 0) return true;
    if (!stats_.up) {
      const auto probed = shared_->probe(Deadline::in(patience_.load()));
      if (!probed) {
        breaker_.still_down(probed.error());
        return false;
      }
    }
    if (!add_blocks() || !add_all()) return false;
    if (!stats_.up) {
      breaker_.back();
      if (!add_blocks() || !add_all()) return false;  // what came in the meantime
    }
    return waiting() == 0;
  }

 private:
  // What waits is of the local store's time, as its receipts are.
  std::int64_t now() const {
    if (local_) return local_->now();
    return std::chrono::floor<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count();
  }
  std::int64_t seconds_now() const { return now() / 1000; }

  template <typename Use>
  std::invoke_result_t<Use, CounterStore&> with_shared(Deadline deadline, Use use) {
    const auto pass = breaker_.enter(deadline);
    if (!pass) return breaker_.trouble();
    auto result = use(*shared_);
    if (!result && result.error().temporary && breaker_.failed(*pass, result.error())) wake();
    return result;
  }

  // For an admin, who asks for all that is there: that it takes its time says nothing of the store.
  template <typename Use>
  std::invoke_result_t<Use, CounterStore&> looked_up(Deadline deadline, Use use) {
    if (!breaker_.enter(deadline)) return breaker_.trouble();
    return use(*shared_);
  }

  Result<Charged> charge_locally(std::span<const Charge> charges, Deadline deadline) {
    Result<Charged> charged = Error{};
    if (config_.local_share >= 1) {
      charged = local_->charge(charges, deadline);
    } else {
      const std::lock_guard one_at_a_time(sharing_);
      const auto parts = shared_out_all(charges, deadline);
      if (!parts) return parts.error();
      charged = local_->charge(*parts, deadline);
      if (charged) correct(charges, *charged);
    }
    if (!charged) return charged;
    charged->receipt.store = in_local;
    waiting_.add(charges, charged->receipt, now());
    if (stats_.up) wake();  // it came back in this moment
    return charged;
  }

  Result<std::vector<Charge>> shared_out_all(std::span<const Charge> charges, Deadline deadline) {
    std::vector<Charge> parts(charges.begin(), charges.end());
    for (Charge& part : parts) part.amount = 0;
    const auto asked = local_->charge(parts, deadline);
    if (!asked) return asked.error();
    std::size_t at = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i].amount = charges[i].amount;
      for (Window& window : parts[i].windows) {
        const std::uint64_t total = asked->totals[at++];
        if (is_ring(parts[i].kind))
          window = shared_out(window, total, waiting_.counted_here(charges[i], window, now()), config_.local_share);
      }
    }
    return parts;
  }

  // What does not fit into the share of a window may fit into the window.
  static void correct(std::span<const Charge> charges, Charged& charged) {
    for (std::size_t i = 0; i < charges.size(); ++i) {
      Level& level = charged.levels[i];
      if (!level.never_fits) continue;
      level.never_fits = false;
      for (const Window& window : charges[i].windows)
        level.never_fits = level.never_fits || units_of(charges[i]) > window.max;
      if (!level.never_fits && !charges[i].windows.empty())
        level.retry_after = charges[i].windows[level.window].period / ring_slots;
    }
  }

  // --- the watcher's --------------------------------------------------------------------------------------------------

  // Adds what waits to the shared store; false: it is away again. One that failed may have been added: it is tried again
  // as it was. Others count on meanwhile: this ends all the same.
  bool add_all() {
    for (std::size_t most = 3 * waiting() + 1; most > 0; --most) {
      if (!unsure_) {
        auto counted = waiting_.pop(now());
        if (!counted) return true;
        unsure_id_ = node_ + std::to_string(++merges_);
        unsure_since_ = now();
        unsure_counted_ = *std::move(counted);
        unsure_ = true;
      }
      CountedElsewhere aged = unsure_counted_;
      const std::chrono::milliseconds older(std::max<std::int64_t>(now() - unsure_since_, 0));
      for (auto& part : aged.parts) part.age += older;
      for (auto& value : aged.values) value.age += older;
      const auto merged = shared_->merge(unsure_id_, aged, Deadline::in(patience_.load()));
      if (!merged && merged.error().temporary) {
        breaker_.still_down(merged.error());
        return false;
      }
      unsure_ = false;
      ++stats_.merged;
      const std::lock_guard lock(mutex_);
      if (over_) return false;
    }
    return true;
  }

  // Asking again for one that may be there already does no harm.
  bool add_blocks() {
    while (const auto waiting = blocks_.front(now())) {
      const auto added = shared_->block(waiting->block, waiting->replace, Deadline::in(patience_.load()));
      if (!added && added.error().temporary) {
        breaker_.still_down(added.error());
        return false;
      }
      blocks_.remove(*waiting);
      const std::lock_guard lock(mutex_);
      if (over_) return false;
    }
    return true;
  }

  static Error told_of_here(const Error& error, bool done_here) {
    if (!done_here) return error;
    return Error{error.what + "; done on this node, and to be asked again for the shared store", error.temporary};
  }

  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_all();
  }

  void watch() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return woken_ || over_; });
      while (!over_) {
        woken_ = false;
        wake_.wait_for(lock, config_.pause, [this] { return over_; });
        if (over_) break;
        lock.unlock();
        const bool done = look_after();
        lock.lock();
        if (done) break;
      }
      if (over_) return;
    }
  }

  const FallbackConfig config_;
  std::atomic<std::chrono::milliseconds> patience_{config_.patience};
  const Clock& clock_;
  FallbackStats stats_;
  const std::unique_ptr<SharedCounters> shared_;
  const std::unique_ptr<MemoryCounters> local_;
  LocalCounts waiting_;
  WaitingBlocks blocks_;
  CircuitBreaker breaker_;
  std::mutex sharing_;

  const std::string node_ = unique_node_id();
  std::atomic<bool> unsure_{false};  // a counter was sent, and no answer came; this and what follows is the watcher's
  std::string unsure_id_;
  std::int64_t unsure_since_ = 0;
  CountedElsewhere unsure_counted_;
  std::uint64_t merges_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool woken_ = false, over_ = false;
  std::thread watcher_;
};

}  // namespace

std::unique_ptr<FallbackCounters> make_fallback_counters(std::unique_ptr<SharedCounters> shared,
                                                         std::unique_ptr<MemoryCounters> local, const FallbackConfig& config,
                                                         const Clock& clock, Log& log) {
  return std::make_unique<FallbackCountersStore>(std::move(shared), std::move(local), config, clock, log);
}

}  // namespace mailweir

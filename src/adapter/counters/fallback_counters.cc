// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/fallback_counters.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "adapter/counters/circuit_breaker.h"
#include "adapter/counters/hand_back.h"
#include "adapter/counters/key_stripes.h"
#include "adapter/counters/local_share.h"
#include "adapter/counters/node_roll.h"
#include "port/window_state.h"

namespace mailweir {
namespace {

constexpr std::uint8_t in_shared = 0, in_local = 1;
constexpr std::chrono::milliseconds last_try{500};  // at the end of the daemon

class FallbackCountersStore final : public FallbackCounters {
 public:
  FallbackCountersStore(std::unique_ptr<SharedCounters> shared, std::unique_ptr<MemoryCounters> local,
                        const FallbackConfig& config, const Clock& clock, Log& log)
      : config_(config), clock_(clock), log_(log), shared_(std::move(shared)), local_(std::move(local)),
        node_(unique_node_id()), back_(*shared_, node_, config.most_waiting, [this] { return now(); }),
        spent_(config.most_waiting), breaker_(config, local_ ? "local counters" : "nothing counts", clock, log, stats_),
        roll_(*shared_, node_, config, clock, log, stats_) {
    if (local_) share_.emplace(*local_, spent_, back_.leases, config_.local_share);
    stats_.since = std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
    if (!config_.own_thread) return;
    watcher_ = std::thread([this] { watch(); });
    if (shares()) wake();
  }
  ~FallbackCountersStore() override { end_thread(); }

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    if (stats_.settling) return charge_both(charges, deadline);
    auto charged = charge_shared(
        charges, deadline, [](bool) {}, false);
    if (charged || !charged.error().temporary || !local_) return charged;
    return charge_locally(charges, deadline);
  }

  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    Result<void> here;
    if (local_) here = local_->give_back(charges, receipt, deadline);  // it follows the shared one, so it has them too
    if (shares()) spent_.take_back(charges, receipt);
    // What was added to the shared store meanwhile is there, in the slots of its time.
    Receipt rest = receipt.store == in_shared ? receipt : back_.counts.take_back(charges, receipt);
    const auto given = is_empty(rest) ? here : give_back_shared(charges, std::move(rest), deadline);
    for (const Charge& charge : charges)
      if (charge.kind == CountKind::lease) back_.leases.closed(charge, stats_.up && given);
    return given;
  }

  Result<void> renew(std::span<const Charge> leases, Deadline deadline) override {
    auto renewed = with_shared(deadline, [&](CounterStore& store) { return store.renew(leases, deadline); });
    for (const Charge& lease : leases) back_.leases.renewed(lease, static_cast<bool>(renewed));
    if (!local_ || (!renewed && !renewed.error().temporary)) return renewed;
    const auto here = local_->renew(leases, deadline);
    return renewed ? renewed : here;
  }

  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) override {
    if (stats_.up || !local_)
      return looked_up(deadline, [&](CounterStore& store) { return store.list(query, deadline); });
    return local_->list(query, deadline);
  }

  Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline deadline) override {
    const auto here = local_ ? local_->reset(limit, key, deadline) : Result<std::size_t>(0);
    back_.counts.forget(limit, key);
    spent_.forget(limit, key);
    if (!stats_.up && local_ && here && back_.deeds.reset(limit, key)) return here;  // there as soon as it is back
    auto there = looked_up(deadline, [&](CounterStore& store) { return store.reset(limit, key, deadline); });
    return there ? there : told_of_here(there.error(), here && *here > 0);
  }

  // While the store is away: on this node, and there as soon as it is back.
  Result<bool> block(const Block& block, bool replace, Deadline deadline) override {
    auto blocked = with_shared(deadline, [&](CounterStore& store) { return store.block(block, replace, deadline); });
    if (!local_ || (!blocked && !blocked.error().temporary)) return blocked;
    const auto here = local_->block(block, replace, deadline);
    if (blocked || !here) return blocked ? blocked : here;
    if (*here) back_.deeds.block(block, replace, now());
    if (*here && stats_.up) wake();
    return here;
  }
  Result<bool> unblock(std::string_view limit, std::string_view key, Deadline deadline) override {
    back_.deeds.forget_block(limit, key);
    const auto here = local_ ? local_->unblock(limit, key, deadline) : Result<bool>(false);
    if (!stats_.up && local_ && here && back_.deeds.unblock(limit, key)) return here;
    auto there = with_shared(deadline, [&](CounterStore& store) { return store.unblock(limit, key, deadline); });
    return there ? there : told_of_here(there.error(), here && *here);
  }
  Result<std::vector<Block>> blocks(std::size_t most, Deadline deadline) override {
    if (stats_.up || !local_)
      return looked_up(deadline, [&](CounterStore& store) { return store.blocks(most, deadline); });
    return local_->blocks(most, deadline);
  }

  const FallbackStats& stats() const override { return stats_; }
  const SharedCounters& shared() const override { return *shared_; }
  SharedCounters& shared() override { return *shared_; }
  std::size_t waiting() const override { return back_.waiting(); }
  std::uint64_t lost() const override { return back_.counts.lost(); }

  void use_deadline(std::chrono::milliseconds deadline) override {
    breaker_.use_fair_time(deadline / 2);
    patience_ = deadline;
  }
  void first_look() override {
    const auto probed = shared_->probe(Deadline::in(patience_.load()));
    if (!probed && breaker_.failed({}, probed.error())) wake();
  }

  bool look_after() override {
    if (stats_.up && shares() && !sign_in(false)) return false;
    if (stats_.up && waiting() == 0) return !stats_.settling;
    if (!stats_.up) {
      const auto probed = shared_->probe(Deadline::in(patience_.load()));
      if (!probed) {
        breaker_.still_down(probed.error());
        return false;
      }
    }
    if (!hand_back()) return false;
    if (!stats_.up) {
      if (shares()) roll_.begin_to_settle();
      breaker_.back();
      if (!hand_back()) return false;  // what came in the meantime
      if (stats_.settling && !sign_in(false)) return false;
    }
    return waiting() == 0 && !stats_.settling;
  }

  void finish() override {
    end_thread();
    if (waiting() > 0) {
      const Deadline end = Deadline::in(last_try);
      const auto patience = std::min(patience_.load(), last_try);
      if (shared_->probe(Deadline::in(patience)))
        static_cast<void>(back_.run(patience, !stats_.up, [&end] { return !end.over(); }));
    }
    if (waiting() == 0) return;
    back_.tell_left(config_.name, log_);
  }

 private:
  // What waits is of the local store's time, as its receipts are.
  std::int64_t now() const {
    if (local_) return local_->now();
    return std::chrono::floor<std::chrono::milliseconds>(clock_.wall().time_since_epoch()).count();
  }
  bool shares() const { return local_ && config_.local_share < 1; }

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

  // What this node counted that the shared store does not have yet, for each window; empty: nothing.
  std::vector<std::uint64_t> elsewhere_of(std::span<const Charge> charges) const {
    const auto is_lease = [](const Charge& one) { return one.kind == CountKind::lease; };
    if (back_.counts.counters() == 0 && std::ranges::none_of(charges, is_lease)) return {};  // nearly always
    bool any = false;
    std::vector<std::uint64_t> all;
    for (const Charge& charge : charges)
      for (const Window& window : charge.windows) {
        all.push_back(is_ring(charge.kind)              ? back_.counts.counted_here(charge, window, now())
                      : charge.kind == CountKind::lease ? back_.leases.elsewhere(charge)
                                                        : 0);
        any = any || all.back() > 0;
      }
    if (!any) all.clear();
    return all;
  }

  // `before` is told whether it was taken, before the local store follows, and only if the store has answered.
  template <typename Before>
  Result<Charged> charge_shared(std::span<const Charge> charges, Deadline deadline, Before before, bool only_more) {
    if (!local_) {
      auto charged = with_shared(deadline, [&](CounterStore& store) { return store.charge(charges, deadline); });
      if (charged) note_leases(charges, *charged);
      return charged;
    }
    KeyStripes::Call call(stripes_, charges);
    std::vector<std::uint64_t> elsewhere;
    {
      const KeyStripes::Lock lock(stripes_, call);
      call.begin();
      elsewhere = elsewhere_of(charges);
    }
    auto charged = with_shared(deadline, [&](CounterStore& store) {
      return elsewhere.empty() ? store.charge(charges, deadline) : charge_beside(store, charges, elsewhere, deadline);
    });
    const KeyStripes::Lock lock(stripes_, call);
    call.end();
    if (!charged) return charged;
    charged->receipt.store = in_shared;
    before(charged->taken);
    note_leases(charges, *charged);
    only_more = call.is_overtaken() || only_more;
    const auto since = elsewhere_of(charges);
    if (since.empty() && !only_more) {
      local_->follow(charges, *charged);
      return charged;
    }
    Charged known = *charged;
    for (std::size_t i = 0; i < since.size(); ++i)
      known.totals[i] += since[i] - std::min(since[i], elsewhere.empty() ? 0 : elsewhere[i]);
    if (only_more) keep_known(*local_, charges, known, deadline);
    local_->follow(charges, known);
    return charged;
  }

  void note_leases(std::span<const Charge> charges, const Charged& charged) {
    for_each_lease(charges, charged, [&](const Charge& lease, std::uint64_t total) {
      back_.leases.taken(lease, true);
      back_.leases.heard(lease, total, now());
    });
  }

  Result<Charged> charge_locally(std::span<const Charge> charges, Deadline deadline) {
    KeyStripes::Call call(stripes_, charges);
    const KeyStripes::Lock lock(stripes_, call);
    auto charged = share_->charge(charges, call, now(), deadline);
    if (charged) keep(charges, *charged, true);
    return charged;
  }

  // It waits to be added. `spent`: and is of this node's share.
  void keep(std::span<const Charge> charges, Charged& charged, bool spent) {
    charged.receipt.store = in_local;
    back_.counts.add(charges, charged.receipt, now());
    if (spent && shares() && (!stats_.up || stats_.settling)) spent_.add(charges, charged.receipt, now());
    for_each_lease(charges, charged, [&](const Charge& lease, std::uint64_t) { back_.leases.taken(lease, false); });
    if (stats_.up) wake();
  }

  // Within this node's share, and within the limit there: so the others may still add what they counted.
  Result<Charged> charge_both(std::span<const Charge> charges, Deadline deadline) {
    Result<Charged> here = Error{};
    KeyStripes::Call call(stripes_, charges);
    {
      const KeyStripes::Lock lock(stripes_, call);
      here = share_->charge(charges, call, now(), deadline);
      if (!here) return here;
      if (here->taken) spent_.add(charges, here->receipt, now());
      else keep(charges, *here, true);
    }
    if (!here->taken) return here;
    const auto undo = [&](bool taken) {
      if (taken) return;
      static_cast<void>(local_->give_back(charges, here->receipt, deadline));
      spent_.take_back(charges, here->receipt);
    };
    auto charged = charge_shared(charges, deadline, undo, true);
    if (charged) return charged;
    const KeyStripes::Lock lock(stripes_, call);
    if (charged.error().temporary) {
      keep(charges, *here, false);
      return here;
    }
    undo(false);
    return charged;
  }

  // While it is away it waits. What failed may have been done: it is done again only where that does no harm.
  Result<void> give_back_shared(std::span<const Charge> charges, Receipt rest, Deadline deadline) {
    const auto later = [&](Receipt what) {
      return back_.deeds.give_back({charges.begin(), charges.end()}, std::move(what));
    };
    if (!stats_.up) return later(std::move(rest)) ? Result<void>() : Result<void>(breaker_.trouble());
    const auto given =
        with_shared(deadline, [&](CounterStore& store) { return store.give_back(charges, rest, deadline); });
    if (given || !given.error().temporary) return given;
    Receipt again = repeatable(charges, rest);
    if (is_empty(again)) return given;
    const bool all = again.slots == rest.slots, kept = later(std::move(again));
    if (stats_.up) wake();
    return all && kept ? Result<void>() : given;
  }

  static Error told_of_here(Error error, bool done_here) {
    if (done_here) error.what += "; done on this node; repeat it for the shared store";
    return error;
  }

  // --- the watcher's -------------------------------------------------------------------------------------------------

  // False: it is away again, or this ends.
  bool hand_back() {
    const auto before = back_.added();
    const auto said = back_.run(patience_.load(), !stats_.up, [this] {
      if (shares() && !stats_.up) static_cast<void>(sign_in(true));
      const std::lock_guard lock(mutex_);
      return !over_;
    });
    stats_.merged += back_.added() - before;
    if (said) {
      const std::lock_guard lock(mutex_);
      return !over_;
    }
    if (stats_.up) breaker_.failed({}, said.error());
    else breaker_.still_down(said.error());
    return false;
  }

  // Says that this node is there. False: the store is away.
  bool sign_in(bool adding) {
    const auto settled = roll_.sign_in(adding, breaker_.went_down(), patience_.load());
    if (!settled && settled.error().temporary) breaker_.failed({}, settled.error());
    if (settled && *settled) spent_.clear();
    return static_cast<bool>(settled);
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
    while (!over_) {
      wake_.wait(lock, [this] { return woken_ || over_; });
      for (bool done = false; !done && !over_;) {
        woken_ = false;
        wake_.wait_for(lock, config_.pause, [this] { return over_; });
        if (over_) return;
        lock.unlock();
        done = look_after() && !shares();
        lock.lock();
      }
    }
  }

  void end_thread() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    if (watcher_.joinable()) watcher_.join();
  }

  const FallbackConfig config_;
  std::atomic<std::chrono::milliseconds> patience_{config_.patience};
  const Clock& clock_;
  Log& log_;
  FallbackStats stats_;
  const std::unique_ptr<SharedCounters> shared_;
  const std::unique_ptr<MemoryCounters> local_;
  const std::string node_;
  HandBack back_;
  LocalCounts spent_;  // of this node's share, since the store went away
  std::optional<LocalShare> share_;
  CircuitBreaker breaker_;
  KeyStripes stripes_;
  NodeRoll roll_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool woken_ = false, over_ = false;
  std::thread watcher_;
};

}  // namespace

std::unique_ptr<FallbackCounters> make_fallback_counters(std::unique_ptr<SharedCounters> shared,
                                                         std::unique_ptr<MemoryCounters> local,
                                                         const FallbackConfig& config, const Clock& clock, Log& log) {
  return std::make_unique<FallbackCountersStore>(std::move(shared), std::move(local), config, clock, log);
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/fallback_counters.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "adapter/circuit_breaker.h"

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

class FallbackCountersStore final : public FallbackCounters {
 public:
  FallbackCountersStore(std::unique_ptr<CounterStore> shared, std::unique_ptr<CounterStore> local,
                        const FallbackConfig& config, const Clock& clock, Log& log)
      : shared_(std::move(shared)), local_(std::move(local)),
        breaker_(config, local_ ? "local counters" : "nothing counts", clock, log, stats_) {}

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    return with_either(deadline, [&](CounterStore& store) {
      auto charged = store.charge(charges, deadline);
      if (charged) charged->receipt.store = &store == shared_.get() ? in_shared : in_local;
      return charged;
    });
  }

  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    const Leases leases = leases_of(charges, receipt);
    const bool was_shared = receipt.store == in_shared;
    if (!leases.charges.empty()) release_elsewhere(leases, was_shared, deadline);
    if (!was_shared) return local_ ? local_->give_back(charges, receipt, deadline) : Result<void>();
    return with_shared(deadline, [&](CounterStore& store) { return store.give_back(charges, receipt, deadline); });
  }

  Result<void> renew(std::span<const Charge> leases, Deadline deadline) override {
    return with_either(deadline, [&](CounterStore& store) { return store.renew(leases, deadline); });
  }

  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) override {
    return with_either(deadline, [&](CounterStore& store) { return store.list(query, deadline); });
  }

  const FallbackStats& stats() const override { return stats_; }

 private:
  // A lease that is not there is no trouble, and one that stays expires.
  void release_elsewhere(const Leases& leases, bool was_shared, Deadline deadline) {
    if (was_shared) {
      if (local_) (void)local_->give_back(leases.charges, leases.receipt, deadline);
      return;
    }
    (void)with_shared(deadline, [&](CounterStore& store) {
      return store.give_back(leases.charges, leases.receipt, deadline);
    });
  }

  template <typename Use>
  std::invoke_result_t<Use, CounterStore&> with_shared(Deadline deadline, Use use) {
    const auto pass = breaker_.enter(deadline);
    if (!pass) return breaker_.trouble();
    auto result = use(*shared_);
    if (result || !result.error().temporary) breaker_.succeeded();
    else breaker_.failed(*pass, result.error());
    return result;
  }

  template <typename Use>
  std::invoke_result_t<Use, CounterStore&> with_either(Deadline deadline, Use use) {
    auto result = with_shared(deadline, use);
    if (result || !result.error().temporary || !local_) return result;
    return use(*local_);
  }

  FallbackStats stats_;
  const std::unique_ptr<CounterStore> shared_, local_;
  CircuitBreaker breaker_;
};

}  // namespace

std::unique_ptr<FallbackCounters> make_fallback_counters(std::unique_ptr<CounterStore> shared,
                                                         std::unique_ptr<CounterStore> local, const FallbackConfig& config,
                                                         const Clock& clock, Log& log) {
  return std::make_unique<FallbackCountersStore>(std::move(shared), std::move(local), config, clock, log);
}

}  // namespace mailweir

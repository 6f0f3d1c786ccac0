// SPDX-License-Identifier: BSD-2-Clause
// A fallback store over a shared store that can be told to fail.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <map>

#include "adapter/counters/fallback_counters.h"
#include "adapter/counters/memory_counters.h"
#include "counter_cases.h"

namespace mailweir::test {

using namespace std::chrono_literals;

// What stands behind the nodes of a test.
struct SharedStore {
  explicit SharedStore(const Clock& test_clock) : clock(test_clock), counters(make_memory_counters({}, test_clock)) {}
  const Clock& clock;
  std::unique_ptr<MemoryCounters> counters;
  std::map<std::string, std::pair<bool, SteadyTime>, std::less<>> nodes;  // adding, and when it said so
};

// A memory store that can be told to fail, and counts how often it was asked; of one node, or of several.
class Shared final : public SharedCounters {
 public:
  struct Controls {
    std::atomic<bool> down = false;
    bool temporary = true, merges_unsure = false;
    int asked = 0, probes = 0;
    std::string why = "it is broken";
    std::vector<std::string> merges;  // ids
    std::function<void()> under_way;  // called once by a charge that was counted, before its answer comes
  };
  Shared(std::shared_ptr<SharedStore> store, Controls& controls) : all_(std::move(store)), store_(all_->counters.get()), controls_(controls) {}
  Shared(const Clock& clock, Controls& controls) : Shared(std::make_shared<SharedStore>(clock), controls) {}

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    if (!asked()) return trouble();
    auto charged = store_->charge(charges, deadline);
    if (const auto hook = std::exchange(controls_.under_way, nullptr)) hook();
    return charged;
  }
  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->give_back(charges, receipt, deadline);
  }
  Result<void> renew(std::span<const Charge> leases, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->renew(leases, deadline);
  }
  Result<std::vector<CounterRow>> list(const CounterQuery& query, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->list(query, deadline);
  }

  Result<std::size_t> reset(std::string_view limit, std::string_view key, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->reset(limit, key, deadline);
  }
  Result<bool> block(const Block& block, bool replace, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->block(block, replace, deadline);
  }
  Result<bool> unblock(std::string_view limit, std::string_view key, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->unblock(limit, key, deadline);
  }
  Result<std::vector<Block>> blocks(std::size_t most, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->blocks(most, deadline);
  }

  Result<void> probe(Deadline) override {
    ++controls_.probes;
    return controls_.down ? Result<void>(trouble()) : Result<void>();
  }
  // Once for each id; all as of now.
  Result<void> merge(std::string_view id, const CountedElsewhere& counted, Deadline deadline) override {
    if (controls_.down) return trouble();
    const bool known = std::find(controls_.merges.begin(), controls_.merges.end(), id) != controls_.merges.end();
    controls_.merges.emplace_back(id);
    for (const auto& part : counted.parts) {
      Charge charge = ring_charge(counted.limit, counted.key, {{~std::uint64_t{0}, part.period}}, part.units);
      if (!known && !store_->charge({&charge, 1}, deadline)) return trouble();
    }
    for (const auto& value : counted.values) {
      const bool remembered = value.period == 0s;
      Charge charge = remembered ? first_charge(counted.limit, counted.key, {{most_remembered, 1s}}, value.value)
                                 : distinct_charge(counted.limit, counted.key, {{value.keep - 1, value.period}}, value.value);
      charge.enforce = false;
      if (!store_->charge({&charge, 1}, deadline)) return trouble();
    }
    if (controls_.merges_unsure) return trouble();
    return {};
  }
  Result<Nodes> sign_in(std::string_view node, bool adding, std::chrono::milliseconds age, Deadline) override {
    if (controls_.down) return trouble();
    const SteadyTime now = all_->clock.steady();
    all_->nodes.insert_or_assign(std::string(node), std::pair(adding, now));
    Nodes nodes;
    for (const auto& [name, said] : all_->nodes) {
      nodes.whole += !said.first && said.second >= now - age ? 1 : 0;
      nodes.adding += said.first && said.second >= now - 2s ? 1 : 0;
    }
    return nodes;
  }
  const std::string& server() const override { return name_; }
  std::string where() const override { return name_; }
  std::uint64_t connects() const override { return 0; }

 private:
  bool asked() {
    ++controls_.asked;
    return !controls_.down;
  }
  Error trouble() const { return Error{controls_.why, controls_.temporary}; }

  const std::shared_ptr<SharedStore> all_;
  CounterStore* const store_;
  const std::string name_ = "redis://r:1/0";
  Controls& controls_;
};

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

struct Fixture {
  explicit Fixture(bool with_local, double local_share = 1)
      : store(make_fallback_counters(std::make_unique<Shared>(clock, shared),
                                     with_local ? make_memory_counters({}, clock) : nullptr,
                                     {.name = "redis://r:1/0", .local_share = local_share, .own_thread = false}, clock, log)) {}
  // "ok N", "over N" with the count, or the error.
  std::string charge(const Charge& one, Deadline deadline = soon()) {
    const auto charged = store->charge({&one, 1}, deadline);
    if (!charged) return charged.error().what;
    receipt = charged->receipt;
    return (charged->taken ? "ok " : "over ") + std::to_string(charged->levels[0].count);
  }

  ManualClock clock;
  Lines log;
  Shared::Controls shared;
  Receipt receipt;
  std::unique_ptr<FallbackCounters> store;
};

inline const Charge quota = ring_charge("quota", "alice", {{3, 3'600s}});
inline Charge asking(Charge charge) {
  charge.amount = 0;
  return charge;
}

}  // namespace mailweir::test

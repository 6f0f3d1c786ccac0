// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include <array>

#include "adapter/fallback_counters.h"
#include "adapter/memory_counters.h"
#include "counter_cases.h"

using namespace mailweir;
using namespace std::chrono_literals;

namespace {

// A memory store that can be told to fail, and counts how often it was asked.
class Shared final : public CounterStore {
 public:
  struct Controls {
    bool down = false, temporary = true;
    int asked = 0;
  };
  Shared(const Clock& clock, Controls& controls) : store_(make_memory_counters({}, clock)), controls_(controls) {}

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    if (!asked()) return trouble();
    return store_->charge(charges, deadline);
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

 private:
  bool asked() {
    ++controls_.asked;
    return !controls_.down;
  }
  Error trouble() const { return Error{"it is broken", controls_.temporary}; }

  std::unique_ptr<MemoryCounters> store_;
  Controls& controls_;
};

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

struct Fixture {
  explicit Fixture(bool with_local)
      : store(make_fallback_counters(std::make_unique<Shared>(clock, shared),
                                     with_local ? make_memory_counters({}, clock) : nullptr, {.name = "redis://r:1/0"},
                                     clock, log)) {}
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

const Charge quota = ring_charge("quota", "alice", {{3, 3'600s}});
Charge asking(Charge charge) {
  charge.amount = 0;
  return charge;
}

}  // namespace

TEST_CASE("fallback counters: local ones while the store is down, which is asked once a pause") {
  Fixture test(true);
  CHECK(test.charge(quota) == "ok 1");
  const Receipt first = test.receipt;
  CHECK(first.store == 0);
  test.shared.down = true;
  CHECK(test.charge(quota) == "ok 1");  // the local store begins with nothing
  CHECK(test.receipt.store == 1);
  const Receipt local = test.receipt;
  CHECK(test.shared.asked == 2);
  for (int i = 0; i < 20; ++i) test.charge(quota);
  CHECK(test.shared.asked == 2);
  CHECK(test.charge(quota) == "over 3");
  test.clock.advance(1s);
  for (int i = 0; i < 20; ++i) test.charge(quota);
  CHECK(test.shared.asked == 3);
  CHECK(test.store->stats().outages == 1);
  CHECK_FALSE(test.store->stats().up);
  REQUIRE(test.log.all.size() == 1);
  CHECK(test.log.all[0].find("state=down") != std::string::npos);
  CHECK(test.log.all[0].find("it is broken") != std::string::npos);
  // What the store counted cannot be given back now; what was counted here can, also when it is back.
  CHECK_FALSE(test.store->give_back({&quota, 1}, first, soon()));
  test.shared.down = false;
  CHECK(test.charge(asking(quota)) == "ok 3");
  CHECK(test.receipt.store == 1);  // the pause is not over
  test.clock.advance(1s);
  CHECK(test.charge(quota) == "ok 2");
  CHECK(test.store->stats().up);
  REQUIRE(test.log.all.size() == 2);
  CHECK(test.log.all[1].find("state=up") != std::string::npos);
  REQUIRE(test.store->give_back({&quota, 1}, local, soon()));
  CHECK(test.charge(asking(quota)) == "ok 2");  // the local unit was not taken from the shared store
  REQUIRE(test.store->give_back({&quota, 1}, first, soon()));
  CHECK(test.charge(asking(quota)) == "ok 1");
}

TEST_CASE("fallback counters: without a local store calls fail at once") {
  Fixture test(false);
  test.shared.down = true;
  CHECK(test.charge(quota) == "it is broken");
  const std::string spared = test.charge(quota);
  CHECK(spared.find("redis://r:1/0 is down and was not asked") == 0);
  CHECK(spared.find("it is broken") != std::string::npos);
  CHECK(test.shared.asked == 1);
  CHECK(test.store->stats().spared == 1);
  CHECK_FALSE(test.store->list({}, soon()));
  test.shared.down = false;
  test.clock.advance(1s);
  CHECK(test.charge(quota) == "ok 1");
}

TEST_CASE("fallback counters: what opens no circuit") {
  Fixture test(true);
  test.shared.down = true;
  CHECK(test.charge(quota, Deadline::in(10ms)) == "ok 1");  // the caller came late; local counters all the same
  CHECK(test.store->stats().up);
  test.shared.temporary = false;
  CHECK(test.charge(quota) == "it is broken");  // a wrong charge is wrong everywhere
  CHECK(test.store->stats().up);
  CHECK(test.log.all.empty());
}

TEST_CASE("fallback counters: a lease that moved with its renewals is released everywhere") {
  Fixture test(true);
  const Charge m1 = lease_charge("open", "192.0.2.1", 9, "m1"), m2 = lease_charge("open", "192.0.2.1", 9, "m2");
  CHECK(test.charge(m1) == "ok 1");
  const Receipt in_shared = test.receipt;
  test.shared.down = true;
  CHECK(test.charge(m2) == "ok 1");
  const Receipt in_local = test.receipt;
  REQUIRE(test.store->renew({&m1, 1}, soon()));
  CHECK(test.charge(asking(m2)) == "ok 1");
  CHECK(test.store->list({}, soon())->front().count == 2);
  CHECK_FALSE(test.store->give_back({&m1, 1}, in_shared, soon()));
  CHECK(test.store->list({}, soon())->front().count == 1);
  test.shared.down = false;
  test.clock.advance(1s);
  REQUIRE(test.store->renew({&m2, 1}, soon()));
  CHECK(test.store->list({}, soon())->front().count == 2);  // m1 is still held there: its release could not be said
  REQUIRE(test.store->give_back({&m2, 1}, in_local, soon()));
  CHECK(test.store->list({}, soon())->front().count == 1);
  test.clock.advance(90s);
  CHECK(test.store->list({}, soon())->empty());
}

// SPDX-License-Identifier: BSD-2-Clause
// What a session asks of the counter store: how many calls, how long they may take together, what is given back.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "../fixture/engine_fixture.h"
#include "../fixture/passing_store.h"
#include "engine/ledger.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// A store that counts its calls, takes time for each, and fails when it is told to.
class CountingStore final : public test::PassingStore {
 public:
  CountingStore(CounterStore& store, ManualClock& clock) : PassingStore(store), clock_(clock) {}

  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    return call(charges_, deadline, [&] { return inner_.charge(charges, deadline); });
  }
  Result<void> give_back(std::span<const Charge> charges, const Receipt& receipt, Deadline deadline) override {
    given_back.push_back(charges.size());
    if (receipt.store == broken_store) return Error{"redis: connection refused", true};
    return call(give_backs, deadline, [&] { return inner_.give_back(charges, receipt, deadline); });
  }
  Result<bool> block(const Block& block, bool replace, Deadline deadline) override {
    return call(blocks_made, deadline, [&] { return inner_.block(block, replace, deadline); });
  }

  int calls() const { return charges_ + give_backs + blocks_made; }

  int charges_ = 0, give_backs = 0, blocks_made = 0;
  std::vector<std::size_t> given_back;  // charges of each give-back
  std::chrono::milliseconds takes{0};
  int broken_store = -1;

 private:
  template <typename Call>
  auto call(int& count, Deadline, Call&& made) -> decltype(made()) {
    ++count;
    clock_.advance(takes);
    return made();
  }

  ManualClock& clock_;
};

struct Gate {
  explicit Gate(const std::string& rules, std::string_view zone = "")
      : engine(std::string(test::milter_only) + rules, zone), store(*engine.memory, engine.clock),
        leases(store), services{engine.resolver, store, engine.log, engine.clock, leases, engine.board, engine.stats} {}

  std::unique_ptr<Session> message() {
    auto session = std::make_unique<Session>(services, engine.policy, Door::milter);
    session->client().address = IpAddress::parse("192.0.2.7");
    session->client().port = 40000;
    engine.begin(*session);
    session->transaction().recipient_count = 0;
    return session;
  }
  // Asks about recipients, all of which are taken.
  void recipients(Session& session, int count) {
    for (int i = 0; i < count; ++i) {
      session.callback_begins();
      session.transaction().recipient = Address::parse("user" + std::to_string(i) + "@example.net");
      REQUIRE_FALSE(session.judge(Stage::rcpt).refuses());
      session.recipient_accepted();
      ++session.transaction().recipient_count;
    }
  }

  test::Engine engine;
  CountingStore store;
  Leases leases;
  Services services;
};

constexpr std::string_view two_limits = R"(
[[rule]]
name = "by-sender"
at = "rcpt"
limit = { by = "sender", of = "recipients", max = ["5000/1h", "9000/1d"] }
defer = "450 4.7.1 later"
[[rule]]
name = "by-client"
at = "rcpt"
limit = { by = "client_address", of = "recipients", max = "5000/1h" }
defer = "450 4.7.1 later"
[[rule]]
name = "refused"
at = "end-of-message"
reject = "550 5.7.1 no"
)";

TEST_CASE("a message of 1,000 recipients that is refused at its end is given back in one call") {
  Gate gate{std::string(two_limits)};
  const auto session = gate.message();
  gate.recipients(*session, 500);
  gate.engine.clock.advance(3min);  // into another sub-window of the hour
  gate.recipients(*session, 500);
  CHECK(gate.store.charges_ == 1000);
  CHECK(gate.engine.counted("by-client") == 1000);

  session->callback_begins();
  CHECK(session->judge(Stage::end_of_message).refuses());
  session->end_transaction(false);
  CHECK(gate.store.give_backs == 1);
  REQUIRE(gate.store.given_back.size() == 1);
  CHECK(gate.store.given_back[0] == 4);  // two limits in two sub-windows, and not one charge for each recipient
  CHECK(gate.engine.counted("by-client") == 0);
  CHECK(gate.engine.counted("by-sender") == 0);
}

TEST_CASE("a message that was taken gives nothing back") {
  Gate gate{std::string(two_limits)};
  const auto session = gate.message();
  gate.recipients(*session, 3);
  session->end_transaction(true);
  session->begin_transaction(gate.engine.policy);
  session->end_transaction(false);
  CHECK(gate.store.give_backs == 0);
  CHECK(gate.engine.counted("by-client") == 3);
}

TEST_CASE("first-time recipients are given back one by one, in calls of a bounded size") {
  Gate gate(R"(
[[rule]]
name = "strangers"
at = "rcpt"
limit = { by = "sender", of = "first-time-recipients", max = "5000/1h" }
defer = "450 4.7.1 later"
)");
  const auto session = gate.message();
  gate.recipients(*session, 700);
  CHECK(gate.engine.counted("strangers") == 700);
  session->callback_begins();
  session->end_transaction(false);
  CHECK(gate.store.given_back == std::vector<std::size_t>{500, 200});
  CHECK(gate.engine.counted("strangers") == 0);
}

TEST_CASE("attempts stay counted when the message is refused") {
  Gate gate(R"(
[[rule]]
name = "tries"
at = "rcpt"
limit = { by = "sender", of = "recipients", max = "5000/1h", count = "all" }
defer = "450 4.7.1 later"
)");
  const auto session = gate.message();
  gate.recipients(*session, 3);
  session->end_transaction(false);
  CHECK(gate.store.give_backs == 0);
  CHECK(gate.engine.counted("tries") == 3);
}

Charge ring(std::string key) {
  Charge charge;
  charge.limit = "l";
  charge.key = std::move(key);
  charge.windows = {Window{10, 1h}};
  return charge;
}

TEST_CASE("charges of two stores are given back to both, though one of them fails") {
  Gate gate("");
  Ledger ledger(gate.services);
  for (const std::uint8_t store : {0, 1, 0}) {
    const std::vector<Charge> charges{ring("k" + std::to_string(store))};
    auto charged = ledger.charge(charges);
    REQUIRE(charged);
    charged->receipt.store = store;
    ledger.keep(charges, charged->receipt);
  }
  gate.store.broken_store = 0;
  ledger.callback_begins();
  ledger.refund("id-7");
  CHECK(gate.store.given_back.size() == 2);
  CHECK(gate.engine.counted("l", "k0") == 2);
  CHECK(gate.engine.counted("l", "k1") == 0);
  const auto lines = gate.engine.log.of("give-back-failed");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("id=id-7") != std::string::npos);
  CHECK(gate.engine.stats.counter_errors == 1);
}

TEST_CASE("all calls of a callback together take at most three times the deadline") {
  Gate gate("");
  Ledger ledger(gate.services);
  ledger.use(100ms);
  gate.store.takes = 100ms;
  for (int i = 0; i < 10; ++i) static_cast<void>(ledger.charge(std::vector<Charge>{ring("k")}));
  CHECK(gate.store.calls() == 3);
  CHECK(gate.engine.stats.counter_errors == 7);
  const auto refused = ledger.block(Block{"l", "k", "rule", "why", 1h});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().temporary);
  ledger.callback_begins();
  CHECK(ledger.charge(std::vector<Charge>{ring("k")}));
  CHECK(gate.store.calls() == 4);
}

TEST_CASE("limits with blocks and alerts keep to the time of one callback") {
  Gate gate(R"(
[[rule]]
name = "one"
at = "data"
alert = true
limit = { by = "sender", of = "messages", max = "1/1h", block = "1h" }
defer = "450 4.7.1 later"
[[rule]]
name = "two"
at = "data"
alert = true
limit = { by = "client_address", of = "messages", max = "1/1h", block = "1h" }
defer = "450 4.7.1 later"
[[rule]]
name = "three"
at = "data"
alert = true
limit = { by = [], of = "messages", max = "1/1h" }
defer = "450 4.7.1 later"
)");
  gate.message()->judge(Stage::data);
  const auto taken = gate.message();
  taken->judge(Stage::data);
  taken->end_transaction(true);
  const auto session = gate.message();
  gate.store.takes = gate.engine.policy->counter_deadline;
  const auto before = gate.engine.clock.steady();
  session->callback_begins();
  session->judge(Stage::data);
  session->end_transaction(false);
  CHECK(gate.engine.clock.steady() - before <= 3 * gate.engine.policy->counter_deadline);
}

}  // namespace
}  // namespace mailweir

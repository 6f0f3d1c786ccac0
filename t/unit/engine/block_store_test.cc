// SPDX-License-Identifier: BSD-2-Clause
// Blocks and the store: it is asked once, in the limits' call, and what holds while it is down.
#include <doctest/doctest.h>

#include "../fixture/block_cases.h"
#include "../fixture/passing_store.h"

namespace mailweir {
namespace {

using namespace test;

// Counts what it is asked, and hands it on.
class Counting final : public PassingStore {
 public:
  using PassingStore::PassingStore;
  Result<Charged> charge(std::span<const Charge> charges, Deadline deadline) override {
    calls.push_back(charges.size());
    return PassingStore::charge(charges, deadline);
  }
  std::vector<std::size_t> calls;
};

TEST_CASE("blocks are asked in the limits' call; only the fact needs one before, and that once") {
  const std::string limited = R"([[rule]]
name = "quota"
at = "mail"
limit = { by = "sasl_username", of = "messages", max = "9/1h", block = "1d" }
reject = "550 5.7.1 no"
)";
  const std::string asking = R"([[rule]]
name = "one"
at = "mail"
when = { blocked = "trap" }
hold = true
[[rule]]
name = "two"
at = "mail"
when = { blocked = "quota" }
hold = true
[[rule]]
name = "three"
at = "data"
when = { blocked = true }
hold = true
[[rule]]
name = "never"
at = "mail"
when = { sender = "nobody@example.org", blocked = true }
hold = true
)";
  struct Row {
    std::string rules;
    std::vector<std::size_t> mail, data;
  };
  const Row rows[] = {
      {trap, {1}, {}},
      {trap + limited, {3}, {}},  // two questions, one charge
      {trap + limited + asking, {2, 3}, {}},
      {trap + asking.substr(asking.rfind("[[rule]]")), {1}, {}},  // its cheap condition is false
  };
  for (const Row& row : rows) {
    CAPTURE(row.rules);
    Engine engine(policy_of(row.rules));
    Counting counting(*engine.memory);
    Services services{engine.resolver, counting, engine.log, engine.clock, engine.leases, engine.board, engine.stats};
    Session session(services, engine.policy, Door::milter);
    session.client().address = IpAddress::parse("192.0.2.7");
    engine.begin(session, to({"bob@example.net"}, "bob"));
    session.judge(Stage::mail);
    CHECK(counting.calls == row.mail);
    counting.calls.clear();
    session.judge(Stage::data);
    CHECK(counting.calls == row.data);
  }
}

TEST_CASE("the store is down: as [counters] on_outage and the rule say") {
  const std::string ask = "[[rule]]\nname = \"treat\"\nat = \"mail\"\nwhen = { blocked = \"trap\" }\n";
  const std::string quiet =
      "[[rule]]\nname = \"trap\"\nat = \"rcpt\"\nwhen = { recipient = \"trap@example.net\" }\nblock = { by = "
      "\"client_address\", for = \"1d\", refuse = false }\n";
  const std::string defer = "[counters]\nstore = \"redis://127.0.0.1:1/0\"\non_outage = \"defer\"\n",
                    go_on = "[counters]\nstore = \"redis://127.0.0.1:1/0\"\non_outage = \"continue\"\n";
  struct Row {
    std::string text;
    std::string_view want;
  };
  const Row rows[] = {
      {go_on + trap, "taken"},
      {defer + trap, "mail 451 4.3.0 temporary failure, try again later"},
      {defer + trap + "on_outage = \"continue\"\n", "taken"},
      {go_on + trap + "on_outage = \"defer\"\n", "mail 451 4.3.0 temporary failure, try again later"},
      {defer + trap + "shadow = true\n", "taken"},
      {go_on + quiet + ask + "reject = \"550 5.7.1 no\"\n", "taken"},
      {defer + quiet + ask + "reject = \"550 5.7.1 no\"\n", "mail 451 4.3.0 temporary failure, try again later"},
      {defer + quiet + ask + "hold = true\n", "taken"},
      {go_on + quiet + ask + "hold = true\non_outage = \"defer\"\n",
       "mail 451 4.3.0 temporary failure, try again later"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Engine engine(policy_of(row.text), "", true);
    CHECK(send(engine, to({"bob@example.net"})) == row.want);
  }
  Engine engine(policy_of(go_on + trap + "reject = \"550 5.7.1 no\"\n"), "", true);
  CHECK(send(engine, to({"trap@example.net"})) == "rcpt 550 5.7.1 no");  // the rule holds all the same
  CHECK(engine.log.of("key-not-blocked").size() == 1);
}

}  // namespace
}  // namespace mailweir

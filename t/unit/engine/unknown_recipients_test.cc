// SPDX-License-Identifier: BSD-2-Clause
// Limits of unknown recipients: counted when the mail server reports one, asked when a rule looks.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;
using test::rule_of;

TEST_CASE("unknown recipients: counted when they happen, looked at when a rule asks") {
  Engine engine(std::string(test::milter_only) + R"([[rule]]
name = "harvest"
at = "mail"
unless = { authenticated = true }
limit = { by = "client_address", of = "unknown-recipients", max = "2/1d" }
reject = "550 5.7.1 {count} of {limit} unknown recipients, come back in {retry_after}"
[[rule]]
name = "watch"
at = "rcpt"
shadow = true
limit = { by = "sender", of = "unknown-recipients", max = "1/1d" }
defer = "450 4.7.1 no"
)");
  const auto unknown = [&](const test::Mail& mail) {
    const auto session = engine.message(Door::milter, mail);
    session->count_event(Quantity::unknown_recipients);
    session->end_transaction(false);  // is not given back: it has happened
  };
  const auto judged = [&](const test::Mail& mail) { return engine.message(Door::milter, mail)->judge(Stage::mail); };
  for (int i = 0; i < 2; ++i) unknown({});
  CHECK(engine.counted("harvest") == 2);
  CHECK_FALSE(judged({}).refuses());
  CHECK(engine.counted("harvest") == 2);  // looking counts nothing
  unknown({});
  const Verdict verdict = judged({});
  CHECK(rule_of(verdict) == "harvest");
  CHECK(verdict.reply.text.starts_with("3 of 2/1d unknown recipients, come back in "));
  unknown({});  // over its maximum it is counted on
  CHECK(engine.counted("harvest") == 4);
  CHECK(engine.counted("watch~shadow") == 4);

  test::Mail other;
  other.client = "192.0.2.8";
  CHECK_FALSE(judged(other).refuses());
  test::Mail login = other;
  login.login = "alice@example.com";
  unknown(login);  // the rule does not speak of those who logged in
  CHECK(engine.counted("harvest", "192.0.2.8") == 0);
  CHECK_FALSE(judged(login).refuses());

  engine.clock.advance(std::chrono::hours(25));
  CHECK_FALSE(judged({}).refuses());
  const auto lines = engine.log.of("unknown-recipient");
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].find("used=harvest:1/2/1d,watch:1/1/1d") != std::string::npos);
}

}  // namespace
}  // namespace mailweir

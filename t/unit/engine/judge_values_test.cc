// SPDX-License-Identifier: BSD-2-Clause
// Limits on different values and on first-time recipients, as a session asks them.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

using test::Engine;

std::string milter_rules(std::string_view rules) { return std::string(test::milter_only) + std::string(rules); }

// One message: its recipient is judged, and it is taken or not.
Verdict send(Engine& engine, const test::Mail& mail, bool taken = true) {
  const auto session = engine.message(Door::milter, mail);
  session->judge(Stage::mail);
  Verdict verdict = session->judge(Stage::rcpt);
  session->end_transaction(taken && !verdict.refuses());
  return verdict;
}

test::Mail mail_from(std::string client, std::string recipient = "bob@example.net") {
  test::Mail mail;
  mail.client = std::move(client);
  mail.recipients = {std::move(recipient)};
  return mail;
}

}  // namespace

TEST_CASE("distinct: client addresses of a sender, by their networks") {
  Engine engine(milter_rules(R"([[rule]]
name = "roaming"
at = "rcpt"
limit = { by = "sender", distinct = "client_address", max = "2/1d", ipv4_prefix = 24 }
defer = "450 4.7.1 {count} of {limit}, again in {retry_after}"
)"));
  CHECK_FALSE(send(engine, mail_from("192.0.2.7")).refuses());
  CHECK_FALSE(send(engine, mail_from("192.0.2.99")).refuses());  // the same network
  CHECK_FALSE(send(engine, mail_from("198.51.100.1"), false).refuses());
  CHECK_FALSE(send(engine, mail_from("203.0.113.1")).refuses());  // the last one was given back
  engine.clock.advance(std::chrono::hours(1));
  const Verdict verdict = send(engine, mail_from("198.51.100.1"));
  CHECK(verdict.action == Action::defer);
  CHECK(verdict.reply.line() == "450 4.7.1 2 of 2/1d, again in 23h");
  CHECK_FALSE(send(engine, mail_from("192.0.2.7")).refuses());
  CHECK(engine.counted("roaming") == 2);
  const auto session = engine.message(Door::milter, mail_from("198.51.100.1"));
  Trace trace;
  CHECK(session->judge(Stage::rcpt, &trace).refuses());
  REQUIRE(trace.rules.size() == 1);
  CHECK(trace.rules[0].outcome.starts_with("over its limit: 2 different client_address of 2/1d for "));
  engine.clock.advance(std::chrono::hours(23));
  CHECK_FALSE(send(engine, mail_from("198.51.100.1")).refuses());
}

TEST_CASE("first-time recipients: who was written to before is free, a refused message teaches nothing") {
  Engine engine(milter_rules(R"([[rule]]
name = "strangers"
at = "rcpt"
limit = { by = "sender", of = "first-time-recipients", max = "2/1d" }
defer = "450 4.7.1 {count} of {limit}"
)"));
  const auto to = [&](std::string recipient, bool taken = true) {
    return send(engine, mail_from("192.0.2.7", std::move(recipient)), taken).refuses();
  };
  CHECK_FALSE(to("a@example.net"));
  CHECK_FALSE(to("A+list@example.net"));  // the same one
  CHECK_FALSE(to("b@example.net", false));
  CHECK_FALSE(to("c@example.net"));
  CHECK(to("b@example.net"));
  CHECK_FALSE(to("c@example.net"));
  CHECK(engine.counted("strangers") == 2);
  engine.clock.advance(std::chrono::hours(25));
  CHECK_FALSE(to("a@example.net"));
  CHECK(engine.counted("strangers") == 0);
  CHECK_FALSE(to("b@example.net"));
  CHECK(engine.counted("strangers") == 1);
}

}  // namespace mailweir

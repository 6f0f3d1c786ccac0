// SPDX-License-Identifier: BSD-2-Clause
// Limits of bounces: counted for the key of the message that bounced, at its message's time where they are a share.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "engine/bounce_count.h"

namespace mailweir {
namespace {

using test::Engine;
using test::rule_of;

constexpr std::string_view follow = "[follow]\nmail_log = \"/var/log/mail.log\"\n";

struct Bed {
  explicit Bed(const std::string& rules) : engine(std::string(test::milter_only) + std::string(follow) + rules) {
    engine.services.accepted = &messages;
    policy.swap(engine.policy);
  }
  // A message with so many recipients r0@example.net, ...
  void accept(const std::string& queue_id, const std::string& login, std::size_t recipients = 1) {
    test::Mail mail;
    mail.login = login;
    mail.recipients.assign(recipients, "r@example.net");
    const auto session = engine.message(Door::milter, mail);
    auto& transaction = session->transaction();
    transaction.queue_id = queue_id;
    for (std::size_t i = 0; i < recipients; ++i)
      transaction.recipients.push_back(Address::parse('r' + std::to_string(i) + "@example.net"));
    session->judge(Stage::end_of_message);
    session->message_accepted();
    session->end_transaction(true);
  }
  void bounce(const std::string& queue_id, std::size_t recipient = 0, const std::string& code = "5.1.1",
              bool remote = true) {
    DeliveryEvent event;
    event.queue_id = queue_id;
    event.recipients = {'r' + std::to_string(recipient) + "@example.net"};
    event.remote = remote;
    event.code = code;
    event.status = DeliveryEvent::Status::bounced;
    count.happened(event);
  }
  Verdict judged(const std::string& login) {
    test::Mail mail;
    mail.login = login;
    return engine.message(Door::milter, mail)->judge(Stage::mail);
  }

  Engine engine;
  AcceptedMessages messages{{}};
  Snapshot<Policy> policy;
  BounceCount count{engine.services, policy, messages};
};

TEST_CASE("bounces: counted for the login whose message it was, by kind, each recipient once") {
  Bed bed(R"([[rule]]
name = "stale-list"
at = "mail"
limit = { by = "sasl_username", of = "bounces", kind = "hard", max = "2/1d" }
reject = "550 5.7.1 {count} of {limit} bounces"
[[rule]]
name = "unwanted"
at = "mail"
shadow = true
limit = { by = "sender_domain", of = "bounces", kind = "policy", max = "1/1d" }
reject = "550 5.7.1 no"
)");
  bed.accept("4AAAA", "ann", 5);
  bed.accept("4BBBB", "bob", 5);
  bed.bounce("4AAAA", 0);
  bed.bounce("4AAAA", 0);
  bed.bounce("4AAAA", 1, "5.2.2");
  bed.bounce("4AAAA", 2, "5.7.1");
  bed.bounce("4AAAA", 3, "5.1.1", false);  // our own server refused it
  bed.bounce("4XXXX", 0);
  CHECK(bed.engine.counted("stale-list", "ann") == 1);
  CHECK(bed.engine.counted("stale-list", "bob") == 0);
  CHECK(bed.engine.counted("unwanted~shadow", "example.com") == 1);
  CHECK_FALSE(bed.judged("ann").refuses());
  bed.accept("4CCCC", "ann", 5);
  bed.bounce("4CCCC", 0);
  bed.bounce("4CCCC", 1);
  const Verdict verdict = bed.judged("ann");
  CHECK(rule_of(verdict) == "stale-list");
  CHECK(verdict.reply.text == "3 of 2/1d bounces");
  CHECK_FALSE(bed.judged("bob").refuses());
  const auto lines = bed.engine.log.of("bounce");
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].starts_with("queue_id=4AAAA "));
  CHECK(lines[0].find(" sasl_username=ann ") != std::string::npos);
  CHECK(lines[0].find(" recipient=r0@example.net kind=hard dsn=5.1.1 ") != std::string::npos);
  CHECK(lines[0].find(" used=stale-list:1/2/1d") != std::string::npos);
  CHECK(lines[2].find(" kind=policy ") != std::string::npos);
  CHECK(bed.count.stats().hard == 3);
}

TEST_CASE("bounces: a key is blocked, and an alert raised, when the bounce comes") {
  Bed bed(R"([[rule]]
name = "stale-list"
at = "mail"
alert = true
limit = { by = "sasl_username", of = "bounces", max = "1/1d", block = "6h" }
reject = "550 5.7.1 blocked for {retry_after}"
)");
  bed.accept("4AAAA", "ann", 3);
  bed.bounce("4AAAA", 0);
  CHECK(bed.engine.log.of("key-blocked").empty());
  bed.bounce("4AAAA", 1);
  bed.bounce("4AAAA", 2);
  REQUIRE(bed.engine.log.of("key-blocked").size() == 1);
  CHECK(bed.engine.log.of("key-blocked")[0].find("key=ann") != std::string::npos);
  CHECK(bed.engine.log.of("alert").size() == 1);
  CHECK(bed.judged("ann").blocked == "ann");
  bed.engine.clock.advance(std::chrono::hours(7));
  CHECK(rule_of(bed.judged("ann")) == "stale-list");  // its count is still over
}

TEST_CASE("bounces: conditions and the null sender") {
  Bed bed(R"([[rule]]
name = "r"
at = "mail"
when = { sasl_username = "ann" }
limit = { by = [], of = "bounces", max = "100/1d" }
reject = "550 5.7.1 no"
)");
  bed.accept("4AAAA", "bob");
  bed.bounce("4AAAA");
  CHECK(bed.engine.counted("r") == 0);
  bed.accept("4BBBB", "ann");
  bed.bounce("4BBBB");
  CHECK(bed.engine.counted("r") == 1);
  test::Mail report;
  report.sender = "<>";
  const auto session = bed.engine.message(Door::milter, report);
  session->transaction().queue_id = "4CCCC";
  session->message_accepted();
  CHECK(bed.messages.stats().messages == 2);
}

TEST_CASE("bounces as a share: nothing below at_least, and a late one counts at its message's time") {
  Bed bed(R"([[rule]]
name = "share"
at = "mail"
limit = { by = "sasl_username", of = "bounces", kind = "hard", max = "20%/1d", at_least = 10 }
reject = "550 5.7.1 {count}% of {limit}"
)");
  const auto hours = [&](int count) { bed.engine.clock.advance(std::chrono::hours(count)); };
  bed.accept("4AAAA", "ann", 9);
  for (std::size_t i = 0; i < 9; ++i) bed.bounce("4AAAA", i);
  CHECK_FALSE(bed.judged("ann").refuses());  // 9 of 9, but fewer than 10
  hours(20);
  bed.accept("4BBBB", "ann", 1);
  CHECK(bed.judged("ann").reply.text == "90% of 20%/1d");
  hours(5);  // the first message has left the period, with its bounces
  bed.accept("4CCCC", "ann", 19);
  CHECK_FALSE(bed.judged("ann").refuses());
  for (std::size_t i = 0; i < 4; ++i) bed.bounce("4CCCC", i);
  CHECK_FALSE(bed.judged("ann").refuses());  // 4 of 20 is not over 20%
  bed.bounce("4CCCC", 4);
  CHECK(bed.judged("ann").reply.text == "25% of 20%/1d");
  CHECK_FALSE(bed.judged("bob").refuses());
  hours(30);
  bed.accept("4DDDD", "ann", 20);
  for (std::size_t i = 5; i < 19; ++i) bed.bounce("4CCCC", i);  // of yesterday's message
  CHECK_FALSE(bed.judged("ann").refuses());
}

TEST_CASE("bounces as a share block when they come") {
  Bed bed(R"([[rule]]
name = "share"
at = "mail"
alert = true
limit = { by = "sasl_username", of = "bounces", max = ["1000/1h", "50%/1d"], at_least = 4, block = "1h" }
reject = "550 5.7.1 no"
)");
  bed.accept("4AAAA", "ann", 4);
  for (std::size_t i = 0; i < 2; ++i) bed.bounce("4AAAA", i);
  CHECK(bed.engine.log.of("key-blocked").empty());
  bed.bounce("4AAAA", 2);
  REQUIRE(bed.engine.log.of("key-blocked").size() == 1);
  CHECK(bed.engine.log.of("key-blocked")[0].find("limit=share key=ann") != std::string::npos);
  CHECK(bed.engine.log.of("key-blocked")[0].find("over 50%/1d, 75 counted") != std::string::npos);
  CHECK(bed.judged("ann").blocked == "ann");
  CHECK(bed.engine.log.of("alert").size() == 1);
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Blocked keys: when a limit blocks its key, where the key is refused then, and until when.
#include <cstdlib>
#include <ctime>

#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "rule/limit_key.h"

namespace mailweir {
namespace {

using test::Engine;
using test::rule_of;

const Deadline soon = Deadline::in(std::chrono::seconds(5));

std::string policy_of(std::string_view at, std::string_view limit, std::string_view more = "") {
  return std::string(test::milter_only) + "[[rule]]\nname = \"stolen\"\nat = \"" + std::string(at) +
         "\"\nlimit = { by = \"sasl_username\", max = \"2/1h\", " + std::string(limit) +
         " }\nreject = \"550 5.7.1 {limit} {count} {retry_after}\"\n" + std::string(more);
}

test::Mail of(std::string login) {
  test::Mail mail;
  mail.login = std::move(login);
  return mail;
}

// One message; the stage that refused it, or "taken".
std::string send(Engine& engine, const test::Mail& mail, Verdict* told = nullptr) {
  const auto session = engine.message(Door::milter, mail);
  for (const Stage stage : {Stage::mail, Stage::rcpt, Stage::data, Stage::end_of_message}) {
    Verdict verdict = session->judge(stage);
    const bool refused = verdict.refuses();
    if (refused && told != nullptr) *told = std::move(verdict);
    if (!refused) continue;
    session->end_transaction(false);
    return std::string(to_string(stage));
  }
  session->end_transaction(true);
  return "taken";
}

TEST_CASE("a key over its limit is refused from MAIL on, until the block ends, also when the counter has room again") {
  Engine engine(policy_of("end-of-message", R"(of = "messages", block = "1d")"));
  CHECK(send(engine, of("bob")) == "taken");
  CHECK(send(engine, of("bob")) == "taken");
  Verdict verdict;
  CHECK(send(engine, of("bob"), &verdict) == "end-of-message");
  CHECK(verdict.reply.line() == "550 5.7.1 2/1h 2 1d");
  CHECK(engine.stats.blocks == 1);
  CHECK(send(engine, of("bob"), &verdict) == "mail");
  CHECK(verdict.blocked == "bob");
  CHECK(rule_of(verdict) == "stolen");
  CHECK(send(engine, of("carol")) == "taken");
  engine.clock.advance(std::chrono::hours(23));
  CHECK(engine.counted("stolen", "bob") == 0);
  CHECK(send(engine, of("bob"), &verdict) == "mail");
  CHECK(verdict.reply.line() == "550 5.7.1 2/1h 2 1h");
  CHECK(engine.counted("stolen", "bob") == 0);
  engine.clock.advance(std::chrono::hours(1));
  CHECK(send(engine, of("bob")) == "taken");
  CHECK(engine.stats.blocks == 1);
  CHECK(engine.stats.blocked == 2);
}

TEST_CASE("each refusal of a blocked key is counted once, wherever its block is asked") {
  for (const std::string_view at : {"mail", "data", "end-of-message"}) {
    CAPTURE(at);
    Engine engine(policy_of(at, R"(of = "messages", block = "1d")"));
    for (int i = 0; i < 7; ++i) CHECK((send(engine, of("bob")) == "taken") == (i < 2));
    std::uint64_t over = 0, hits = 0;
    for (const Stage stage : all_stages) {
      for (const Rule& rule : engine.policy->at(stage)) {
        over += rule.hits->over;
        hits += rule.hits->hits;
      }
    }
    CHECK(over == 5);
    CHECK(hits == 0);  // a limit acts when it is over
    CHECK(engine.stats.blocked == 4);
  }
}

TEST_CASE("the first stage at which the key and the conditions are known refuses a blocked key") {
  struct Row {
    std::string_view at, limit, more, refused;
  };
  const Row rows[] = {
      {"mail", R"(of = "messages", block = "1h")", "", "mail"},
      {"data", R"(of = "messages", block = "1h")", "", "mail"},
      {"data", R"(of = "messages", block = "1h")", "when = { client_address = \"192.0.2.7\" }\n", "mail"},
      {"data", R"(of = "messages", block = "1h")", "when = { client_address = \"192.0.2.8\" }\n", "taken"},
      {"data", R"(of = "messages", block = "1h")", "unless = { sender = \"alice@example.com\" }\n", "taken"},
      {"data", R"(of = "messages", block = "1h")", "unless = { recipient = \"eve@example.net\" }\n", "rcpt"},
      {"end-of-message", R"(of = "messages", block = "1h")", "when = { header.subject = \"/./\" }\n", "taken"},
      {"data", R"(of = "messages", block = "1h")", "shadow = true\n", "taken"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.at);
    CAPTURE(row.more);
    Engine engine(policy_of(row.at, row.limit, row.more));
    REQUIRE(engine.memory->block({"stolen", "bob", "-", "by hand", std::chrono::hours(1)}, true, soon));
    CHECK(send(engine, of("bob")) == row.refused);
  }
}

TEST_CASE("a block begins once, is one warning, and not for what can never fit, or a shadow") {
  Engine engine(policy_of("data", R"(of = "recipients", block = "1d")"));
  test::Mail big = of("bob");
  big.recipients = {"a@example.net", "b@example.net", "c@example.net"};
  CHECK(send(engine, big) == "data");
  CHECK(engine.stats.blocks == 0);
  {
    const auto session = engine.message(Door::milter, of("bob"));
    session->transaction().recipient_count = 2;
    CHECK_FALSE(session->judge(Stage::data).refuses());
  }
  for (int i = 0; i < 2; ++i) CHECK(send(engine, of("bob")) == "taken");
  CHECK(engine.stats.blocks == 0);
  for (int i = 0; i < 3; ++i) CHECK(send(engine, of("bob")) != "taken");
  CHECK(engine.stats.blocks == 1);

  Engine shadow(policy_of("data", R"(of = "messages", block = "1d")", "shadow = true\n"));
  for (int i = 0; i < 5; ++i) CHECK(send(shadow, of("bob")) == "taken");
  CHECK(shadow.stats.blocks == 1);
  CHECK(shadow.stats.blocked == 0);
  const auto blocks = shadow.memory->blocks(10, soon);
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 1);
  CHECK(blocks->front().limit == "stolen~shadow");
}

TEST_CASE("until midnight is the machine's, also when a day has an hour less") {
  struct Row {
    const char* zone;
    std::time_t now;  // UTC
    int hours;
  };
  const Row rows[] = {
      {"UTC", 1767225600, 24},  // 2026-01-01 00:00
      {"UTC", 1767225600 + 23 * 3600, 1},
      {"Europe/Berlin", 1767225600, 23},  // 01:00 there
      {"Europe/Berlin", 1774738800, 23},  // 2026-03-29 00:00 there, summer time begins
      {"Europe/Berlin", 1792879200, 25},  // 2026-10-25 00:00 there, it ends
  };
  const char* before = std::getenv("TZ");
  const std::string kept = before != nullptr ? before : "";
  for (const Row& row : rows) {
    CAPTURE(row.zone);
    CAPTURE(row.now);
    ::setenv("TZ", row.zone, 1);
    ::tzset();
    CHECK(length_of(BlockTime{}, std::chrono::system_clock::from_time_t(row.now)) == std::chrono::hours(row.hours));
  }
  if (before != nullptr) ::setenv("TZ", kept.c_str(), 1);
  else ::unsetenv("TZ");
  ::tzset();
  CHECK(parse_block_time("until-midnight"));
  for (const auto* wrong : {"", "1", "0s", "367d", "midnight"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_block_time(wrong));
  }
}

TEST_CASE("a key that an admin writes is spelled as it is counted") {
  const auto fact = [](std::string_view name) {
    FactRef ref;
    ref.id = find_fact(name)->id;
    ref.name = name;
    return ref;
  };
  const std::vector<FactRef> client{fact("client_address")}, login{fact("sasl_username")}, sender{fact("sender")},
      both{fact("sasl_username"), fact("client_address")};
  const struct {
    std::vector<FactRef> by;
    std::string_view written, key;  // "": refused
    std::string_view why = "";
  } rows[] = {
      {login, "Ann@Example.COM", "ann@example.com"},
      {login, " ann ", "ann"},
      {login, "a|b", "a|b"},
      {login, " ", "", "an empty key"},
      {sender, "Ann+news@Example.com", "ann@example.com"},
      {sender, "<>", "<>"},
      {client, "192.0.2.77", "192.0.2.0"},
      {client, "192.0.2.0/24", "192.0.2.0"},
      {client, "2001:DB8:1::5", "2001:db8:1::"},
      {client, "2001:db8:1::/64", "2001:db8:1::"},
      {client, "ann", "", "not an IP address"},
      {both, "Ann|192.0.2.77", "ann|192.0.2.0"},
      {both, "ann", "", "has 2 parts"},
      {both, "a|b|192.0.2.7", "", "has 2 parts"},
      {{}, "whatever", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.written);
    const auto key = key_as_counted(row.by, 24, 64, row.written, {});
    CHECK(bool(key) == row.why.empty());
    if (key) CHECK(*key == row.key);
    else CHECK(key.error().what.find(row.why) != std::string::npos);
  }
}

}  // namespace
}  // namespace mailweir

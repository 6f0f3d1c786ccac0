// SPDX-License-Identifier: BSD-2-Clause
// What a spam scanner said, in rules: scores with decimals and signs, actions, symbols, and no answer.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/fixed_scanner.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

using test::FixedScanner;

ScanAnswer said(double score, std::string action, std::vector<std::string> symbols = {}) {
  ScanAnswer answer;
  answer.status = ScanStatus::clean;
  answer.score = score;
  answer.action = std::move(action);
  answer.symbols = std::move(symbols);
  return answer;
}

ScanAnswer silent(ScanStatus status) {
  ScanAnswer answer;
  answer.status = status;
  answer.why = "it did not answer";
  return answer;
}

std::string policy(std::string_view when, std::string_view more = {}) {
  return std::string(test::milter_only) + "[rspamd]\nurl = \"http://127.0.0.1:11333\"\n" + std::string(more) +
         "\n[[rule]]\nname = \"hit\"\nat = \"end-of-message\"\nwhen = { " + std::string(when) +
         " }\nreject = \"550 5.7.1 {spam_score} {spam_action} {spam_symbols}\"\n";
}

// The reply to a message of which the scanner says that; "": none.
std::string reply(test::Engine& engine, FixedScanner& scanner) {
  engine.services.verification.spam = &scanner;
  const auto session = engine.message(Door::milter);
  HeaderList headers({true, false}, {100'000, 1000});
  REQUIRE(headers.receive("Subject", " hello"));
  session->transaction().headers = &headers;
  session->begin_message_checks(true);
  session->facts().message_body("text\r\n");
  session->facts().message_ends();
  REQUIRE(session->facts().await_message(Deadline()));
  const auto verdict = session->judge(Stage::end_of_message);
  return verdict.refuses() ? verdict.reply.line() : std::string();
}

TEST_CASE("spam facts in conditions") {
  struct Row {
    std::string_view when;
    ScanAnswer answer;
    bool want;
  };
  const Row rows[] = {
      {R"(spam_score = ">= 6.5")", said(6.5, "add header"), true},
      {R"(spam_score = ">= 6.5")", said(6.499, "add header"), false},
      {R"(spam_score = ">= 6.5")", said(6.4999999, "add header"), true},  // three decimals
      {R"(spam_score = "> 6.5")", said(6.5, "add header"), false},
      {R"(spam_score = "> 6.5")", said(6.501, "add header"), true},
      {R"(spam_score = 6.5)", said(6.5, "add header"), true},
      {R"(spam_score = 6)", said(6, "add header"), true},
      {R"(spam_score = "= 0.3")", said(0.1 + 0.2, "no action"), true},
      {R"(spam_score = "< -1")", said(-1.5, "no action"), true},
      {R"(spam_score = "< -1")", said(-1, "no action"), false},
      {R"(spam_score = "<= -1.0")", said(-1, "no action"), true},
      {R"(spam_score = -1.5)", said(-1.5, "no action"), true},
      {R"(spam_score = [">= 4", "!>= 6"])", said(5, "greylist"), true},
      {R"(spam_score = [">= 4", "!>= 6"])", said(6, "add header"), false},
      {R"(spam_action = "reject")", said(15, "reject"), true},
      {R"(spam_action = ["add header", "rewrite subject"])", said(7, "add header"), true},
      {R"(spam_action = "!no action")", said(0, "no action"), false},
      {R"(spam_symbols = "GTUBE")", said(15, "reject", {"T_BUY", "GTUBE"}), true},
      {R"(spam_symbols = "/^DBL_/")", said(5, "greylist", {"A", "DBL_SPAM"}), true},
      {R"(spam_symbols = "GTUBE")", said(15, "reject", {"T_BUY"}), false},
      {R"(spam_symbols = "!GTUBE")", said(15, "reject", {"T_BUY"}), true},
      {R"(spam_symbols = "!GTUBE")", said(0, "no action"), false},  // absent
      // Without an answer nothing holds, negated or not.
      {R"(spam_score = ">= 0")", silent(ScanStatus::temperror), false},
      {R"(spam_score = "!>= 0")", silent(ScanStatus::temperror), false},
      {R"(spam_action = "!reject")", silent(ScanStatus::temperror), false},
      {R"(spam_symbols = "!GTUBE")", silent(ScanStatus::temperror), false},
      {R"(spam_score = "< 100")", silent(ScanStatus::unscanned), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.when);
    CAPTURE(row.answer.action);
    test::Engine engine(policy(row.when));
    FixedScanner scanner("rspamd", row.answer);
    CHECK(!reply(engine, scanner).empty() == row.want);
    CHECK(scanner.begun == 1);
    CHECK(scanner.seen == "Subject: hello\r\n\r\ntext\r\n");
  }
}

TEST_CASE("spam facts in a reply") {
  test::Engine engine(policy(R"(spam_score = "> 0")"));
  FixedScanner scanner("rspamd", said(15.25, "reject", {"GTUBE", "T_BUY"}));
  CHECK(reply(engine, scanner) == "550 5.7.1 15.25 reject GTUBE, T_BUY");
}

TEST_CASE("spam: an outage defers if the policy says so, a message that is too large does not") {
  test::Engine engine(policy(R"(spam_score = ">= 6")", "on_outage = \"defer\""));
  FixedScanner dead("rspamd", silent(ScanStatus::temperror)), small("rspamd", silent(ScanStatus::unscanned)),
      fine("rspamd", said(1, "no action"));
  CHECK(reply(engine, dead).starts_with("451 4.7.1 "));
  CHECK(reply(engine, small).empty());
  CHECK(reply(engine, fine).empty());
}

TEST_CASE("spam: who is not asked about is not scanned") {
  FixedScanner scanner("rspamd", said(15, "reject"));
  test::Engine other(policy(R"(spam_score = "> 0", sender_domain = "elsewhere.example")"));
  CHECK(reply(other, scanner).empty());
  test::Engine skipped(policy(R"(spam_score = "> 0")") +
                       "[[rule]]\nname = \"trusted\"\nat = \"mail\"\nskip = [\"spam\"]\n");
  skipped.services.verification.spam = &scanner;
  const auto session = skipped.message(Door::milter);
  session->judge(Stage::mail);
  HeaderList headers({true, false}, {100'000, 1000});
  session->transaction().headers = &headers;
  session->begin_message_checks(true);
  CHECK_FALSE(session->facts().message_ends());
  CHECK_FALSE(session->judge(Stage::end_of_message).refuses());
  CHECK(scanner.begun == 0);
  CHECK(milter_needs(*other.policy).body);
}

}  // namespace
}  // namespace mailweir

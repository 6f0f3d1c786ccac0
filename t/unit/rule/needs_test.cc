// SPDX-License-Identifier: BSD-2-Clause
// What a policy makes the milter negotiate: what is needed, and nothing else.
#include <doctest/doctest.h>

#include "../fixture/dkim_keys.h"
#include "../fixture/engine_fixture.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

std::string told(const Needs& needs) {
  std::string text;
  const auto add = [&](bool wanted, std::string_view word) {
    if (wanted) text += (text.empty() ? "" : " ") + std::string(word);
  };
  add(needs.data, "data");
  add(needs.headers, "headers");
  add(needs.body, "body");
  for (const Stage stage : all_stages) add(needs.answers[index(stage)], "answer:" + std::string(to_string(stage)));
  add(needs.edits_headers, "edit-headers");
  add(needs.edits_recipients, "edit-recipients");
  add(needs.quarantines, "quarantine");
  add(needs.rejected_recipients, "rejected-recipients");
  add(needs.reroutes, "reroute");
  return text;
}

TEST_CASE("what is negotiated for which policy") {
  struct Row {
    std::string rule, want;
  };
  const Row rows[] = {
      {R"(at = "mail"
accept = true)",
       ""},
      {R"(at = "mail"
reject = "550 5.7.1 no")",
       "answer:mail answer:end-of-message quarantine"},
      {R"(at = "mail"
limit = { by = "client_address", of = "unknown-recipients", max = "9/1d" }
reject = "550 5.7.1 no")",
       "answer:mail answer:end-of-message quarantine rejected-recipients"},
      {R"(at = "rcpt"
block = { by = "client_address", for = "1d" })",
       "answer:mail answer:end-of-message quarantine"},
      {R"(at = "end-of-message"
block = { by = "recipient", for = "1d" })",
       "answer:rcpt answer:end-of-message quarantine"},
      {R"(at = "data"
unless = { recipient = "bob@example.net" }
limit = { by = "client_address", of = "messages", max = "9/1d", block = "1d" }
reject = "550 5.7.1 no")",
       "data answer:rcpt answer:data answer:end-of-message quarantine"},
      {R"(at = "connect"
drop = "421 4.7.0 no")",
       "answer:connect answer:end-of-message quarantine"},
      {R"(at = "mail"
reject = "550 5.7.1 no"
shadow = true)",
       ""},
      {R"(at = "mail"
log = true)",
       ""},
      {R"(at = "mail"
skip = ["virus", "spam", "spam_score"])",
       ""},  // not in this version, yet no mistake
      {R"(at = "data"
log = true)",
       "data"},
      {R"(at = "data"
limit = { by = [], of = "recipients", max = "1/1h" }
alert = true)",
       "data answer:data answer:end-of-message quarantine"},
      {R"(at = "data"
limit = { by = [], of = "recipients", max = "1/1h" }
defer = "450 4.7.1 no"
shadow = true)",
       "data"},
      {R"(at = "rcpt"
discard = true)",
       "answer:rcpt answer:end-of-message edit-recipients quarantine"},
      {R"(at = "mail"
hold = true)",
       "quarantine"},
      {R"(at = "mail"
redirect = "a@example.com")",
       "edit-recipients"},
      {R"(at = "mail"
bcc = "a@example.com")",
       "edit-recipients"},
      {R"(at = "mail"
route = "slow:")",
       "headers edit-headers"},
      {R"(at = "mail"
add_headers = { X-A = "b" })",
       "headers edit-headers"},
      {R"(at = "end-of-message"
remove_headers = "X-A")",
       "headers edit-headers"},
      {R"(at = "end-of-message"
remove_headers = "X-A"
shadow = true)",
       ""},
      {R"(at = "end-of-message"
sign = true)",
       "headers body edit-headers"},
      {R"(at = "end-of-message"
when = { header.Subject = "x" }
hold = true)",
       "headers quarantine"},
      {R"(at = "end-of-message"
unless = { hops = "< 50" }
log = true)",
       "headers"},
      {R"(at = "end-of-message"
when = { from_domain_aligned = false }
log = true)",
       "headers"},
      {R"(at = "end-of-message"
hold = "from {from_domain}")",
       "headers quarantine"},
      {R"(at = "end-of-message"
when = { customer = "x" }
log = true)",
       "headers"},
      {R"(at = "end-of-message"
limit = { by = "customer", of = "messages", max = "1/1h" }
alert = true)",
       "headers answer:end-of-message quarantine"},
      {R"(at = "end-of-message"
when = { size = "> 10MiB" }
log = true)",
       "headers body"},
      {R"(at = "end-of-message"
hold = "{size} bytes")",
       "headers body quarantine"},
      {R"(at = "mail"
when = { size = "> 10MiB" }
log = true)",
       ""},
      {R"(at = "end-of-message"
limit = { by = [], of = "bytes", max = "1MiB/1h" }
alert = true
shadow = true)",
       "headers body"},
  };
  const dkim_keys::TemporaryFile key(dkim_keys::ed25519_pem);
  for (const auto& row : rows) {
    CAPTURE(row.rule);
    const auto policy = test::load_policy(
        std::string(test::milter_only) +
        "[maps]\nc = { a = \"b\" }\n[facts]\ncustomer = { map = \"c\", key = [\"sasl_domain\", \"from_domain\"] }\n"
        "[[dkim.key]]\ndomain = \"example.com\"\nselector = \"s\"\nfile = \"" +
        key.path() + "\"\n" + "[[rule]]\nname = \"r\"\n" + row.rule + "\n");
    CHECK(told(milter_needs(*policy)) == row.want);
  }
}

TEST_CASE("what is refused for want of a key is refused at the end of the message, and local mail held") {
  const dkim_keys::TemporaryFile key(dkim_keys::ed25519_pem);
  struct Row {
    std::string without_key, want;
  };
  const Row rows[] = {{"continue", "headers body edit-headers"},
                      {"defer", "headers body answer:end-of-message edit-headers quarantine"},
                      {"reject", "headers body answer:end-of-message edit-headers quarantine"}};
  for (const auto& row : rows) {
    CAPTURE(row.without_key);
    const auto policy =
        test::load_policy(std::string(test::milter_only) + "[dkim]\nwithout_key = \"" + row.without_key +
                          "\"\n[[dkim.key]]\ndomain = \"example.com\"\nselector = \"s\"\nfile = \"" + key.path() +
                          "\"\n[[rule]]\nname = \"r\"\nat = \"end-of-message\"\nsign = true\n");
    CHECK(told(milter_needs(*policy)) == row.want);
  }
}

TEST_CASE("a stage handed to the policy door may have to be answered at DATA") {
  const auto policy = test::load_policy(test::both_doors("\"rcpt\"") +
                                        "[[rule]]\nname = \"r\"\nat = \"rcpt\"\nreject = \"550 5.7.1 no\"\n");
  CHECK(told(milter_needs(*policy)) == "data answer:data answer:end-of-message quarantine");
}

TEST_CASE("a session serves a policy whose needs are covered by what was negotiated") {
  Needs all;
  all.data = all.headers = all.body = all.edits_headers = all.edits_recipients = all.quarantines = true;
  all.answers.fill(true);
  CHECK(all.covers(Needs()));
  CHECK(all.covers(all));
  CHECK(Needs().covers(Needs()));
  bool Needs::*const each[] = {&Needs::data,          &Needs::headers,          &Needs::body,
                               &Needs::edits_headers, &Needs::edits_recipients, &Needs::quarantines};
  for (const auto one : each) {
    Needs less = all;
    less.*one = false;
    CHECK_FALSE(less.covers(all));
    CHECK(all.covers(less));
  }
  for (const Stage stage : all_stages) {
    Needs less = all;
    less.answers[index(stage)] = false;
    CAPTURE(to_string(stage));
    CHECK_FALSE(less.covers(all));
  }
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// from_domain_aligned: whether the authors and the envelope are of one organization.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "adapter/verify/public_suffixes.h"
#include "rule/needs.h"

namespace mailweir {
namespace {

constexpr std::string_view rules = R"([[rule]]
name = "r"
at = "end-of-message"
when = { from_domain_aligned = false }
reject = "550 5.7.1 {from_domain} is not aligned"
)";

struct Row {
  std::vector<std::string> from;  // the fields' values
  std::string sender, helo, want;
};

const Row rows[] = {
    {{"a@example.com"}, "b@example.com", "x.example", "true"},
    {{"a@Example.COM"}, "b@bounce.example.com", "x.example", "true"},
    {{"a@news.example.com"}, "b@bounce.example.com", "x.example", "true"},
    {{"a@example.com"}, "b@example.org", "example.com", "false"},
    {{"a@one.co.uk"}, "b@two.co.uk", "x.example", "false"},  // co.uk is a public suffix
    {{"a@mail.one.co.uk"}, "b@one.co.uk", "x.example", "true"},
    {{"a@co.uk"}, "b@one.co.uk", "x.example", "false"},
    {{"a@co.uk"}, "b@co.uk", "x.example", "true"},  // the very same name
    {{"a@B\xc3\xbc"
      "cher.example"},
     "b@m.xn--bcher-kva.example",
     "x.example",
     "true"},
    {{"a@example.com, c@news.example.com"}, "b@example.com", "x.example", "true"},
    {{"a@example.com, eve@example.org"}, "b@example.com", "x.example", "false"},    // all of them
    {{"a@example.com", "eve@example.org"}, "b@example.com", "x.example", "false"},  // of all fields
    {{"\"b@example.com\" <eve@example.org>"}, "b@example.com", "x.example", "false"},
    {{"eve@example.org (b@example.com)"}, "b@example.com", "x.example", "false"},
    {{"Team: a@example.com, c@example.com;"}, "b@example.com", "x.example", "true"},
    {{"a"}, "b@example.com", "x.example", "false"},              // an author without a domain
    {{"a@[192.0.2.7]"}, "b@[192.0.2.7]", "x.example", "false"},  // nor is a literal one
    {{"a@[192.0.2.7]"}, "b@[198.51.2.7]", "x.example", "false"},
    {{"a@2.7"}, "<>", "192.0.2.7", "false"},
    {{"a@example.com"}, "b", "example.com", "false"},
    {{"a@example.com"}, "<>", "mx.example.com", "true"},  // a bounce: the HELO name
    {{"a@example.com"}, "<>", "mx.example.org", "false"},
    {{"a@example.com"}, "<>", "[192.0.2.7]", "false"},
    {{"a@example.com"}, "<>", "", "false"},
    {{"Undisclosed:;"}, "b@example.com", "x.example", ""},
    {{}, "b@example.com", "x.example", ""},
};

TEST_CASE("from_domain_aligned: relaxed alignment of every author with the envelope") {
  const auto suffixes = make_public_suffixes();
  REQUIRE(suffixes);
  for (const auto& row : rows) {
    std::string all;
    for (const auto& value : row.from) all += value + " | ";
    CAPTURE(all);
    CAPTURE(row.sender);
    CAPTURE(row.helo);
    test::Engine engine(std::string(test::milter_only) + std::string(rules));
    engine.services.verification.suffixes = suffixes->get();
    test::Mail mail;
    mail.sender = row.sender;
    mail.helo = row.helo;
    const auto session = engine.message(Door::milter, mail);
    HeaderList headers({true, false}, {100'000, 1000});
    for (const auto& value : row.from) REQUIRE(headers.receive("From", " " + value));
    session->transaction().headers = &headers;
    session->facts().stage(Stage::end_of_message);
    FactRef fact;
    fact.id = find_fact("from_domain_aligned")->id;
    CHECK(session->facts().to_text(fact) == row.want);
    CHECK(session->judge(Stage::end_of_message).refuses() == (row.want == "false"));
    CHECK(engine.resolver.asked.empty());
  }
}

TEST_CASE("from_domain_aligned is not known before the message is there, and needs its header") {
  const auto suffixes = make_public_suffixes();
  REQUIRE(suffixes);
  test::Engine engine(std::string(test::milter_only) + std::string(rules));
  engine.services.verification.suffixes = suffixes->get();
  const auto session = engine.message(Door::milter);
  session->facts().stage(Stage::data);
  FactRef fact;
  fact.id = find_fact("from_domain_aligned")->id;
  CHECK(session->facts().get(fact).state == FactValue::State::absent);
  const auto needs = milter_needs(*engine.policy);
  CHECK(needs.headers);
  CHECK_FALSE(needs.body);
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Who may send as whom: sender_login_mismatch and from_login_mismatch against a map of owners.
#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"

namespace mailweir {
namespace {

const std::string tables =
    "[maps]\n"
    "owners = { \"alice@example.com\" = \"alice@example.com\", \"bounce@example.com\" = \"*\", \"example.org\" = "
    "\"carol, dave\" }\n";

constexpr auto yes = Tri::yes, no = Tri::no, unknown = Tri::unknown;

TEST_CASE("sender_login_mismatch reads a map as Postfix's smtpd_sender_login_maps") {
  struct Case {
    std::string sender, login;
    Tri want;
  };
  const Case cases[] = {
      {"alice@example.com", "alice@example.com", no},
      {"alice+tag@example.com", "Alice@Example.com", no},  // the extension is the owner's own
      {"alice@example.com", "carol", yes},
      {"alice@example.com", "", yes},       // owned, and no login
      {"bounce@example.com", "carol", no},  // "*": any login
      {"x@example.org", "carol", no},       // the domain's entry, several logins
      {"x@example.org", "DAVE", no},
      {"x@example.org", "alice@example.com", yes},
      {"x@sub.example.org", "carol", yes},  // the entry does not speak of what is below
      {"stranger@example.net", "", no},     // not owned, and no login
      {"stranger@example.net", "carol", yes},
      {"stranger@example.net", "stranger@example.net", no},  // the login's own name
      {"<>", "carol", unknown},
      {"<>", "", unknown},
  };
  for (const auto& one : cases) {
    CAPTURE(one.sender);
    CAPTURE(one.login);
    test::Engine engine(std::string(test::milter_only) + tables +
                        "[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { sender_login_mismatch = \"map:owners\" "
                        "}\nreject = \"553 5.7.1 no\"\n");
    test::Mail mail;
    mail.sender = one.sender;
    mail.login = one.login;
    const auto session = engine.message(Door::milter, mail);
    session->facts().stage(Stage::mail);
    const Tri found = engine.policy->at(Stage::mail).front().when.ask(session->facts());
    CHECK(static_cast<int>(found) == static_cast<int>(one.want));
    CHECK(session->judge(Stage::mail).refuses() == (one.want == yes));
  }
}

TEST_CASE("from_login_mismatch asks for every address of every From field") {
  struct Case {
    std::vector<std::string> from;  // the fields' values
    std::string login;
    Tri want;
    int count;
  };
  const Case cases[] = {
      {{"alice@example.com"}, "alice@example.com", no, 1},
      {{"\"Boss, The\" <alice@example.com>"}, "alice@example.com", no, 1},
      {{"carol@example.net (alice@example.com)"}, "alice@example.com", yes, 1},    // a comment is none
      {{"\"alice@example.com\" <eve@example.net>"}, "alice@example.com", yes, 1},  // nor is a display name
      {{"=?utf-8?q?alice=40example.com?= <eve@example.net>"}, "alice@example.com", yes, 1},
      {{"alice@example.com, eve@example.net"}, "alice@example.com", yes, 2},
      {{"alice@example.com", "eve@example.net"}, "alice@example.com", yes, 2},         // two fields
      {{"Team: alice@example.com, bounce@example.com;"}, "alice@example.com", no, 2},  // a group's members
      {{"x@example.org"}, "carol", no, 1},                                             // by the domain's entry
      {{"eve@example.net"}, "", no, 1},                                                // not owned, and no login
      {{"alice@example.com"}, "", yes, 1},                                             // forged from outside
      {{"Undisclosed:;"}, "carol", unknown, 0},
      {{}, "carol", unknown, 0},
  };
  for (const auto& one : cases) {
    std::string all;
    for (const auto& value : one.from) all += value + " | ";
    CAPTURE(all);
    CAPTURE(one.login);
    test::Engine engine(std::string(test::milter_only) + tables +
                        "[[rule]]\nname = \"r\"\nat = \"end-of-message\"\nwhen = { from_login_mismatch = "
                        "\"map:owners\" }\nreject = \"553 5.7.1 no\"\n");
    test::Mail mail;
    mail.login = one.login;
    const auto session = engine.message(Door::milter, mail);
    HeaderList headers({true, false}, {100'000, 1000});
    for (const auto& value : one.from) REQUIRE(headers.receive("From", " " + value));
    session->transaction().headers = &headers;
    session->facts().stage(Stage::end_of_message);
    const Tri found = engine.policy->at(Stage::end_of_message).front().when.ask(session->facts());
    CHECK(static_cast<int>(found) == static_cast<int>(one.want));
    CHECK(session->judge(Stage::end_of_message).refuses() == (one.want == yes));
    FactRef count;
    count.id = find_fact("from_count")->id;
    CHECK(session->facts().get(count).one.number == one.count);
  }
}

}  // namespace
}  // namespace mailweir

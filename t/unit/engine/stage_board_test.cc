// SPDX-License-Identifier: BSD-2-Clause
#include <doctest/doctest.h>

#include "engine/stage_board.h"

namespace mailweir {
namespace {

Client client(std::uint16_t port, const char* address = "192.0.2.7") {
  Client made;
  made.address = IpAddress::parse(address);
  if (port != 0) made.port = port;
  return made;
}

const SteadyTime start{std::chrono::hours(5)};

Transaction mail(const char* login = "", const char* recipient = "") {
  Transaction made;
  made.sasl_username = login;
  if (*recipient != '\0') made.recipient = Address::parse(recipient);
  return made;
}

TEST_CASE("what was asked covers that login and that recipient, until the message ends") {
  StageBoard board;
  board.asked(client(1), Stage::mail, mail("ann"), start);
  board.asked(client(1), Stage::rcpt, mail("ann", "a@example.net"), start);
  board.asked(client(1), Stage::rcpt, mail("ann", "b@example.net"), start);
  board.asked(client(1), Stage::data, mail("ann"), start);
  struct Row {
    std::string what;
    Client who;
    Stage stage;
    Transaction of;
    bool want;
  };
  const Row rows[] = {
      {"the mail", client(1), Stage::mail, mail("ANN"), true},
      {"asked before the login", client(1), Stage::mail, mail(), false},
      {"another login", client(1), Stage::mail, mail("bob"), false},
      {"another port", client(2), Stage::mail, mail("ann"), false},
      {"another address", client(1, "192.0.2.8"), Stage::mail, mail("ann"), false},
      {"a recipient", client(1), Stage::rcpt, mail("ann", "a@example.net"), true},
      {"the other", client(1), Stage::rcpt, mail("ann", "b@example.net"), true},
      {"one that was not asked about", client(1), Stage::rcpt, mail("ann", "c@example.net"), false},
      {"a recipient asked before the login", client(1), Stage::rcpt, mail("", "a@example.net"), false},
      {"data", client(1), Stage::data, mail("ann"), true},
      {"the end was not asked", client(1), Stage::end_of_message, mail("ann"), false},
  };
  for (int looks = 0; looks < 2; ++looks)  // a look takes nothing
    for (const auto& row : rows) {
      CAPTURE(row.what);
      CHECK(board.was_asked(row.who, row.stage, row.of) == row.want);
    }
  board.message_begins(client(1));
  CHECK(board.was_asked(client(1), Stage::mail, mail("ann")));  // MAIL is asked before the milter hears of it
  CHECK_FALSE(board.was_asked(client(1), Stage::rcpt, mail("ann", "a@example.net")));
  CHECK_FALSE(board.was_asked(client(1), Stage::data, mail("ann")));
  board.asked(client(1), Stage::rcpt, mail("ann", "a@example.net"), start);
  board.message_ended(client(1));
  CHECK_FALSE(board.was_asked(client(1), Stage::mail, mail("ann")));
  CHECK_FALSE(board.was_asked(client(1), Stage::rcpt, mail("ann", "a@example.net")));
  CHECK(board.size() == 0);
}

TEST_CASE("connect and helo are judged once for all messages of a session") {
  StageBoard board;
  Client one = client(1);
  one.helo_name = "mail.example.com";
  board.asked(one, Stage::connect, mail(), start);
  board.asked(one, Stage::helo, mail(), start);
  for (const char* login : {"", "ann", "bob"}) {
    CHECK(board.was_asked(one, Stage::connect, mail(login)));
    CHECK(board.was_asked(one, Stage::helo, mail(login)));
    board.message_begins(one);
    board.message_ended(one);
  }
  Client other = one;
  other.helo_name = "other.example.com";
  CHECK_FALSE(board.was_asked(other, Stage::helo, mail()));  // another HELO
  CHECK(board.was_asked(other, Stage::connect, mail()));
  board.session_ended(one);
  CHECK_FALSE(board.was_asked(one, Stage::connect, mail()));
  CHECK(board.size() == 0);
}

TEST_CASE("clients that cannot be told apart are not told of") {
  StageBoard board;
  Client nameless;
  nameless.port = 5;
  for (const auto& one : {client(0), nameless}) {
    board.asked(one, Stage::data, mail(), start);
    CHECK_FALSE(board.was_asked(one, Stage::data, mail()));
  }
  CHECK(board.size() == 0);
}

TEST_CASE("what is old is forgotten, and what was asked again is not old") {
  StageBoard board;
  board.asked(client(1), Stage::connect, mail(), start);
  board.asked(client(2), Stage::connect, mail(), start);
  board.asked(client(2), Stage::mail, mail(), start + std::chrono::minutes(40));
  board.asked(client(3), Stage::connect, mail(), start + StageBoard::keep + std::chrono::minutes(1));
  CHECK_FALSE(board.was_asked(client(1), Stage::connect, mail()));
  CHECK(board.was_asked(client(2), Stage::connect, mail()));
  CHECK(board.size() == 2);
}

TEST_CASE("the board is bounded, and a session with many recipients pushes no other out") {
  StageBoard board;
  const char* nets[] = {"192.0.2.1", "192.0.2.2"};
  std::size_t asked = 0;
  // More questions than the board has places, by few sessions; then more sessions than places.
  const auto numbered = [](std::size_t i) { return mail("", ("r" + std::to_string(i) + "@example.net").c_str()); };
  for (std::size_t i = 0; i < 5 * StageBoard::most; ++i)
    board.asked(client(1), Stage::rcpt, numbered(i), start + std::chrono::milliseconds(i));
  CHECK(board.was_asked(client(1), Stage::rcpt, numbered(0)));
  CHECK_FALSE(board.was_asked(client(1), Stage::rcpt, numbered(StageBoard::most_recipients)));  // the milter judges it
  board.asked(client(2), Stage::connect, mail(), start + std::chrono::minutes(3));
  CHECK(board.size() == 2);
  for (const auto* net : nets) {
    for (std::uint16_t port = 1; port <= 15'000; ++port, ++asked)
      board.asked(client(port, net), Stage::data, mail(),
                  start + std::chrono::minutes(4) + std::chrono::milliseconds(asked));
    CHECK(board.size() <= StageBoard::most);
  }
  CHECK(board.size() == StageBoard::most);
  CHECK_FALSE(board.was_asked(client(1), Stage::rcpt, numbered(0)));  // the oldest went
  CHECK_FALSE(board.was_asked(client(1, "192.0.2.1"), Stage::data, mail()));
  CHECK(board.was_asked(client(15'000, "192.0.2.2"), Stage::data, mail()));
  CHECK(board.was_asked(client(1, "192.0.2.2"), Stage::data, mail()));  // the newest 20,000 stay
}

TEST_CASE("the recipient that the policy door refused last is told once") {
  StageBoard board;
  board.asked(client(1), Stage::data, mail(), start);
  board.refused_recipient(client(1), "a@example.net", start);
  board.refused_recipient(client(1), "b@example.net", start);
  CHECK_FALSE(board.take_refused_recipient(client(2), "b@example.net"));
  CHECK_FALSE(board.take_refused_recipient(client(1), "a@example.net"));
  CHECK_FALSE(board.take_refused_recipient(client(1), ""));
  CHECK(board.was_asked(client(1), Stage::data, mail()));
  CHECK(board.size() == 1);
  CHECK(board.take_refused_recipient(client(1), "b@example.net"));
  CHECK_FALSE(board.take_refused_recipient(client(1), "b@example.net"));
  CHECK(board.size() == 1);
  board.message_ended(client(1));
  CHECK(board.size() == 0);
}

}  // namespace
}  // namespace mailweir

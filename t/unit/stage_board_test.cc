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

TEST_CASE("the board counts what was asked, and a look takes it") {
  StageBoard board;
  board.asked(client(1), Stage::rcpt, start);
  board.asked(client(1), Stage::rcpt, start);
  board.asked(client(1), Stage::data, start);
  CHECK(board.take(client(2), Stage::rcpt) == 0);
  CHECK(board.take(client(1, "192.0.2.8"), Stage::rcpt) == 0);
  CHECK(board.take(client(1), Stage::rcpt) == 2);
  CHECK(board.take(client(1), Stage::rcpt) == 0);
  CHECK(board.size() == 1);
  CHECK(board.take(client(1), Stage::data) == 1);
  CHECK(board.size() == 0);
}

TEST_CASE("connect and helo are judged once for all messages of a session") {
  StageBoard board;
  board.asked(client(1), Stage::connect, start);
  board.asked(client(1), Stage::mail, start);
  for (int message = 0; message < 3; ++message) CHECK(board.take(client(1), Stage::connect) == 1);
  CHECK(board.take(client(1), Stage::mail) == 1);
  CHECK(board.take(client(1), Stage::mail) == 0);
  CHECK(board.take(client(1), Stage::connect) == 1);
}

TEST_CASE("clients that cannot be told apart are not told of") {
  StageBoard board;
  Client nameless;
  nameless.port = 5;
  for (const auto& one : {client(0), nameless}) {
    board.asked(one, Stage::rcpt, start);
    CHECK(board.take(one, Stage::rcpt) == 0);
  }
  CHECK(board.size() == 0);
}

TEST_CASE("what is old is forgotten, and what was asked again is not old") {
  StageBoard board;
  board.asked(client(1), Stage::connect, start);
  board.asked(client(2), Stage::connect, start);
  board.asked(client(2), Stage::mail, start + std::chrono::minutes(40));
  board.asked(client(3), Stage::connect, start + StageBoard::keep + std::chrono::minutes(1));
  CHECK(board.take(client(1), Stage::connect) == 0);
  CHECK(board.take(client(2), Stage::connect) == 1);
  CHECK(board.size() == 2);
}

TEST_CASE("the board is bounded, and a session with many recipients pushes nobody out") {
  StageBoard board;
  const char* nets[] = {"192.0.2.1", "192.0.2.2"};
  std::size_t asked = 0;
  // More questions than the board has places, by few sessions; then more sessions than places.
  for (std::size_t i = 0; i < 5 * StageBoard::most; ++i) board.asked(client(1), Stage::rcpt, start + std::chrono::milliseconds(i));
  board.asked(client(2), Stage::connect, start + std::chrono::minutes(3));
  CHECK(board.size() == 2);
  for (const auto* net : nets) {
    for (std::uint16_t port = 1; port <= 15'000; ++port, ++asked)
      board.asked(client(port, net), Stage::rcpt, start + std::chrono::minutes(4) + std::chrono::milliseconds(asked));
    CHECK(board.size() <= StageBoard::most);
  }
  CHECK(board.size() == StageBoard::most);
  CHECK(board.take(client(1), Stage::rcpt) == 0);                  // the oldest went
  CHECK(board.take(client(1, "192.0.2.1"), Stage::rcpt) == 0);
  CHECK(board.take(client(15'000, "192.0.2.2"), Stage::rcpt) == 1);
  CHECK(board.take(client(1, "192.0.2.2"), Stage::rcpt) == 1);     // the newest 20,000 stay
}

TEST_CASE("the recipient that the policy door refused last is told once") {
  StageBoard board;
  board.asked(client(1), Stage::rcpt, start);
  board.refused_recipient(client(1), "a@example.net", start);
  board.refused_recipient(client(1), "b@example.net", start);
  CHECK_FALSE(board.take_refused_recipient(client(2), "b@example.net"));
  CHECK_FALSE(board.take_refused_recipient(client(1), "a@example.net"));
  CHECK_FALSE(board.take_refused_recipient(client(1), ""));
  CHECK(board.take(client(1), Stage::rcpt) == 1);
  CHECK(board.size() == 1);
  CHECK(board.take_refused_recipient(client(1), "b@example.net"));
  CHECK_FALSE(board.take_refused_recipient(client(1), "b@example.net"));
  CHECK(board.size() == 0);
}

}  // namespace
}  // namespace mailweir

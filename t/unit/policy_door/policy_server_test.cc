// SPDX-License-Identifier: BSD-2-Clause
// The policy door's socket: silence in the middle of a request, between messages, and of a connection that is not used.
#include <array>
#include <chrono>
#include <string>

#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "../fixture/engine_fixture.h"
#include "../fixture/temp_dir.h"
#include "base/socket.h"
#include "policy_door/server.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view request =
    "request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=192.0.2.7\nclient_port=40000\nsender=a@example."
    "com\n"
    "recipient=b@example.net\ninstance=1\n\n";
constexpr std::string_view dunno = "action=DUNNO\n\n";

class Served {
 public:
  Served() {
    name_.path = directory_ / "policy";
    auto listener = listen_on(name_, {}, 16);
    REQUIRE(listener);
    PolicyDoorLimits limits;  // the daemon's own, but looked at more often
    limits.look_round = milliseconds(2);
    server.emplace(std::move(*listener), limits, engine.services, policy_);
    server->start();
  }
  Fd connect() {
    auto connection = connect_to(name_, Deadline::in(seconds(5)));
    REQUIRE(connection);
    return std::move(*connection);
  }

  test::Engine engine{
      "[policy]\nsocket = \"unix:/p\"\n[[rule]]\nname = \"r\"\nat = \"mail\"\nwhen = { sender = \"<>\" }\nreject = "
      "\"550 5.7.1 no\"\n"};
  std::optional<PolicyServer> server;

 private:
  TempDir directory_;
  SocketName name_;
  Snapshot<Policy> policy_{engine.policy};
};

// The answer comes when all that was sent has been read.
std::string ask(const Fd& connection, std::string_view bytes) {
  REQUIRE(::send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  std::string answer;
  while (answer.size() < dunno.size()) {
    pollfd one{connection.get(), POLLIN, 0};
    REQUIRE(::poll(&one, 1, 20'000) == 1);
    std::array<char, 200> room;
    const auto got = ::recv(connection.get(), room.data(), room.size(), 0);
    if (got <= 0) break;
    answer.append(room.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

bool ends(const Fd& connection) {
  pollfd one{connection.get(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, 20'000) == 1);
  char byte = 0;
  return ::recv(connection.get(), &byte, 1, 0) == 0;
}

}  // namespace

TEST_CASE("policy door: silence in the middle of a request ends the connection, and no other") {
  Served door;
  const Fd idle = door.connect(), stuck = door.connect();
  CHECK(ask(idle, request) == dunno);
  CHECK(ask(stuck, std::string(request) + "request=smtpd_access_policy\nprotocol_st") == dunno);
  door.engine.clock.advance(seconds(10));
  CHECK(ends(stuck));
  CHECK(door.server->stats().bad_requests == 1);
  CHECK(ask(idle, request) == dunno);
  door.server->stop(Deadline::in(seconds(5)));
  const auto told = door.engine.log.of("bad-policy-request");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("the request stopped in the middle") != std::string::npos);
}

TEST_CASE("policy door: a request of no stage is answered, and told once a connection") {
  Served door;
  const Fd strange = door.connect(), postfix = door.connect();
  const std::string none = "request=smtpd_access_policy\nsender=a@example.com\n\n";
  CHECK(ask(strange, none) == dunno);
  CHECK(ask(strange, none) == dunno);
  CHECK(ask(strange, "request=smtpd_access_policy\nprotocol_state=LUNCH\n\n") == dunno);
  for (const char* state : {"VRFY", "ETRN"})
    CHECK(ask(postfix, std::string("request=smtpd_access_policy\nprotocol_state=") + state + "\n\n") == dunno);
  door.server->stop(Deadline::in(seconds(5)));
  const auto told = door.engine.log.of("policy-request-not-judged");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("no protocol_state") != std::string::npos);
}

TEST_CASE("policy door: a byte now and then does not keep a connection") {
  Served door;
  const Fd connection = door.connect();
  pollfd one{connection.get(), POLLIN, 0};
  std::size_t sent = 0;
  for (; sent < 100 && ::poll(&one, 1, 0) == 0; ++sent) {
    if (::send(connection.get(), "r", 1, MSG_NOSIGNAL) != 1) break;
    ::poll(&one, 1, 5);
    door.engine.clock.advance(seconds(3));
  }
  CHECK(sent < 20);
  CHECK(ends(connection));
  door.server->stop(Deadline::in(seconds(5)));
  CHECK(door.engine.log.of("bad-policy-request").size() == 1);
}

TEST_CASE("policy door: a message's line after a silent minute, the connection's end after ten") {
  Served door;
  const Fd connection = door.connect();
  CHECK(ask(connection, request) == dunno);
  pollfd one{connection.get(), POLLIN, 0};
  int minutes = 0;  // a loop may not see each of them
  for (; minutes < 2000 && ::poll(&one, 1, 5) == 0; ++minutes) door.engine.clock.advance(seconds(60));
  CHECK(minutes >= 10);
  CHECK(ends(connection));
  door.server->stop(Deadline::in(seconds(5)));
  CHECK(door.engine.log.of("message").size() == 1);
  CHECK(door.engine.log.of("bad-policy-request").empty());
}

}  // namespace mailweir

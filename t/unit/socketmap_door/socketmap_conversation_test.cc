// SPDX-License-Identifier: BSD-2-Clause
// The socketmap door's conversation: answers by the policy of the moment, and peers that talk nonsense or stop.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "../fixture/stepped_clock.h"
#include "socketmap_door/conversation.h"

using namespace mailweir;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class Heard final : public Conversation::Output {
 public:
  bool flush() override {
    ++flushes;
    all += std::exchange(buffer_, {});
    return takes;
  }
  std::string take() {
    flush();
    return std::exchange(all, {});
  }
  std::string all;
  int flushes = 0;
  bool takes = true;
};

std::shared_ptr<const Policy> policy_with(const std::string& transport) {
  auto policy = std::make_shared<Policy>();
  WaysOut ways;
  NamedRoute route;
  route.senders = {{}, {"example.com"}, {}};
  route.postfix = {transport};
  ways.routes = {route};
  policy->way_maps = std::make_shared<const WayMaps>(ways);
  return policy;
}

struct TestDoor {
  SteppedClock clock;
  Lines log;
  Snapshot<Policy> policy{policy_with("smtp-1:")};
  SocketmapDoorStats stats;
  SocketmapDoor door{clock, log, policy, {}, stats};
  SocketmapConversation talk{door};
  Heard heard;
};

std::string framed(std::string_view text) {
  std::string out;
  append_netstring(out, text);
  return out;
}

}  // namespace

TEST_CASE("socketmap door: answers") {
  struct Row {
    std::string in, want;
  };
  const Row rows[] = {
      {"transport a@example.com", "OK smtp-1:"},
      {"transport a@example.net", "NOTFOUND "},
      {"transport <>", "NOTFOUND "},
      {"transport ", "NOTFOUND "},
      {"tls example.com", "NOTFOUND "},
      {"transport", "PERM a request is the name of a map, a blank, and a key"},
      {"", "PERM a request is the name of a map, a blank, and a key"},
      {"Transport a@example.com",
       "PERM unknown map Transport; known maps: transport, mailer, relay, relay_recipient, tls, login, relay_domain, "
       "accept, "
       "generic"},
      {"\x1b[2J\n x",
       "PERM unknown map ?[2J?; known maps: transport, mailer, relay, relay_recipient, tls, login, relay_domain, "
       "accept, "
       "generic"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.in);
    TestDoor it;
    CHECK(it.talk.received(framed(row.in), it.heard));
    CHECK(it.heard.take() == framed(row.want));
    CHECK(it.stats.lookups == 1);
    CHECK(it.stats.found == (row.want.starts_with("OK ") ? 1 : 0));
    CHECK(it.stats.refused_lookups == (row.want.starts_with("PERM ") ? 1 : 0));
    CHECK(it.log.lines.empty());
  }
}

TEST_CASE("socketmap door: a policy without ways out finds nothing; a new policy answers at once") {
  TestDoor it;
  it.policy.swap(std::make_shared<const Policy>());
  CHECK(it.talk.received(framed("transport a@example.com"), it.heard));
  CHECK(it.heard.take() == framed("NOTFOUND "));
  it.policy.swap(policy_with("smtp-2:"));
  CHECK(it.talk.received(framed("transport a@example.com"), it.heard));
  CHECK(it.heard.take() == framed("OK smtp-2:"));
}

TEST_CASE("socketmap door: what is no request ends the connection, and is logged") {
  TestDoor it;
  CHECK(it.talk.received(framed("transport a@example.com"), it.heard));
  CHECK_FALSE(it.talk.received("GET / HTTP/1.0\r\n", it.heard));
  CHECK(it.heard.take() == framed("OK smtp-1:"));
  CHECK(it.stats.bad_requests == 1);
  REQUIRE(it.log.lines.size() == 1);
  CHECK(it.log.lines[0].find("event=bad-socketmap-request") != std::string::npos);
  CHECK(it.log.lines[0].find("a netstring must begin with its length") != std::string::npos);
}

TEST_CASE("socketmap door: a request that is too slow, or stops, ends the connection") {
  TestDoor it;
  CHECK(it.talk.patience() == it.door.limits.idle);
  CHECK(it.talk.received("23:transport a@", it.heard));
  CHECK(it.talk.patience() == it.door.limits.partial);
  it.clock.advance(seconds(9));
  CHECK(it.talk.received("example.c", it.heard));
  it.clock.advance(seconds(2));
  CHECK_FALSE(it.talk.received("o", it.heard));
  REQUIRE(it.log.lines.size() == 1);
  CHECK(it.log.lines[0].find("the request came in too slowly") != std::string::npos);

  TestDoor other;
  CHECK(other.talk.received("23:tr", other.heard));
  CHECK_FALSE(other.talk.silent(other.heard));
  CHECK(other.log.lines.back().find("the request stopped in the middle") != std::string::npos);

  TestDoor third;
  CHECK(third.talk.received("23:tr", third.heard));
  third.talk.closed("closed by the peer");
  CHECK(third.log.lines.back().find("ended in the middle of a request: closed by the peer") != std::string::npos);

  TestDoor quiet;
  CHECK_FALSE(quiet.talk.silent(quiet.heard));
  quiet.talk.closed("closed by the peer");
  CHECK(quiet.log.lines.empty());
}

TEST_CASE("socketmap door: answers that are not taken do not fill the memory") {
  TestDoor it;
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += framed("transport a@example.com");
  CHECK(it.talk.received(many, it.heard));
  CHECK(it.heard.flushes >= 2);
  it.heard.takes = false;
  CHECK_FALSE(it.talk.received(many, it.heard));
}

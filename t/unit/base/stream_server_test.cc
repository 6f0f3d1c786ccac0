// SPDX-License-Identifier: BSD-2-Clause
// StreamServer: connections that block delay no others, answers larger than a socket takes, silence by the clock, the
// bound, the end.
#include "base/stream_server.h"

#include <algorithm>
#include <array>
#include <future>
#include <latch>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"
#include "base/blocking.h"
#include "base/guarded.h"
#include "base/socket.h"

namespace mailweir {
namespace {

using std::chrono::milliseconds;

class Lines final : public Log {
 public:
  void write(Severity, std::string_view line) override {
    all_.with([line](auto& all) { all.emplace_back(line); });
  }
  std::size_t of(std::string_view event) const {
    return all_.with([event](const auto& all) {
      return static_cast<std::size_t>(
          std::count_if(all.begin(), all.end(), [event](const auto& line) { return line.find(event) != line.npos; }));
    });
  }

 private:
  Guarded<std::vector<std::string>> all_;
};

// What the conversations of a test share.
struct Shared {
  ManualClock clock;
  Lines log;
  std::latch release{1};  // "block" waits for it
  std::atomic<int> blocked{0}, ended{0}, silences{0};
  Guarded<std::vector<std::string>> closed;  // reasons
};

// Commands, one a call: echo of what it does not know; "block", "big", "bye", "throw", "flush".
class Actor final : public Conversation {
 public:
  explicit Actor(Shared& stage) : stage_(stage) {}
  ~Actor() override { ++stage_.ended; }

  bool received(std::string_view bytes, Output& out) override {
    if (bytes == "throw") throw std::runtime_error("as asked");
    if (bytes == "block") {
      CHECK(run_blocking(Deadline::in(std::chrono::seconds(20)), [this] {
        ++stage_.blocked;
        stage_.release.wait();
      }));
    }
    if (bytes == "flush") {
      out.buffer() += "first;";
      CHECK(out.flush());
    }
    if (bytes == "big") out.buffer().assign(big, 'x');
    else out.buffer() += bytes;
    return bytes != "bye";
  }
  void closed(std::string_view why) override {
    stage_.closed.with([&](auto& list) { list.emplace_back(why); });
  }
  milliseconds patience() const override { return milliseconds(5000); }
  bool silent(Output& out) override {
    out.buffer() += "still there?";
    return ++stage_.silences < 3;
  }

  static constexpr std::size_t big = 4 << 20;

 private:
  Shared& stage_;
};

struct Fixture {
  explicit Fixture(StreamLimits limits = {1000, milliseconds(5000), milliseconds(2)}) {
    name.path = directory.path() + "/door";
    auto listener = listen_on(name, {}, 512);
    REQUIRE(listener);
    server = std::make_unique<StreamServer>("test", std::move(*listener), limits, stage.clock, stage.log,
                                            [this] { return std::make_unique<Actor>(stage); });
    server->start();
  }
  Fd connect() {
    auto connection = connect_to(name, Deadline::in(std::chrono::seconds(5)));
    REQUIRE(connection);
    return std::move(*connection);
  }

  TempDir directory;
  SocketName name;
  Shared stage;
  std::unique_ptr<StreamServer> server;
};

void say(const Fd& connection, std::string_view text) {
  REQUIRE(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

// Up to `size` bytes, fewer when the server closes.
std::string hear(const Fd& connection, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    pollfd one{connection.get(), POLLIN, 0};
    REQUIRE(::poll(&one, 1, 20'000) == 1);
    std::array<char, 65536> room;
    const auto got = ::recv(connection.get(), room.data(), std::min(room.size(), size - text.size()), 0);
    if (got <= 0) break;
    text.append(room.data(), static_cast<std::size_t>(got));
  }
  return text;
}

void wait_until(const std::function<bool()>& true_at_last) {
  const auto until = Deadline::in(std::chrono::seconds(20));
  while (!true_at_last() && !until.over()) std::this_thread::yield();
  REQUIRE(true_at_last());
}

TEST_CASE("stream server: answers, on many connections, many times") {
  Fixture fixture;
  std::vector<Fd> connections;
  for (int i = 0; i < 50; ++i) connections.push_back(fixture.connect());
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < connections.size(); ++i) say(connections[i], "hello " + std::to_string(i));
    for (std::size_t i = 0; i < connections.size(); ++i) {
      const auto want = "hello " + std::to_string(i);
      CHECK(hear(connections[i], want.size()) == want);
    }
  }
  CHECK(fixture.server->stats().open == 50);
  CHECK(fixture.server->pool_threads() == 0);
  connections.clear();
  wait_until([&] { return fixture.server->stats().open == 0; });
  fixture.stage.closed.with([](const auto& reasons) { CHECK(reasons.size() == 50); });
  CHECK(fixture.stage.ended == 50);
}

TEST_CASE("stream server: conversations that block delay no others") {
  Fixture fixture;
  std::vector<Fd> stuck, others;
  for (int i = 0; i < 40; ++i) {
    stuck.push_back(fixture.connect());
    others.push_back(fixture.connect());
  }
  for (auto& connection : stuck) say(connection, "block");
  wait_until([&] { return fixture.stage.blocked == 16; });
  for (int round = 0; round < 5; ++round)
    for (auto& connection : others) {
      say(connection, "me too");
      CHECK(hear(connection, 6) == "me too");
    }
  CHECK(fixture.server->pool_threads() == 16);
  // One leaves while its conversation blocks: it is seen when that returns.
  stuck.pop_back();
  fixture.stage.release.count_down();
  for (auto& connection : stuck) CHECK(hear(connection, 5) == "block");
  for (auto& connection : stuck) {
    say(connection, "again");
    CHECK(hear(connection, 5) == "again");
  }
  wait_until([&] { return fixture.server->stats().open == 79; });
}

TEST_CASE("stream server: an answer larger than the socket takes waits for its reader") {
  Fixture fixture;
  const Fd slow = fixture.connect(), other = fixture.connect(), third = fixture.connect();
  say(slow, "big");
  for (const Fd* connection : {&other, &third}) {  // one of them is on the same loop
    say(*connection, "quick");
    CHECK(hear(*connection, 5) == "quick");
  }
  CHECK(hear(slow, Actor::big) == std::string(Actor::big, 'x'));
  say(slow, "flush");
  CHECK(hear(slow, 11) == "first;flush");
}

TEST_CASE("stream server: a peer that does not take its answer is given up after a while") {
  Fixture fixture;
  const Fd slow = fixture.connect();
  say(slow, "big");
  pollfd one{slow.get(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, 20'000) == 1);
  wait_until([&] {
    fixture.stage.clock.advance(std::chrono::seconds(6));
    return fixture.server->stats().open == 0;
  });
  CHECK(fixture.stage.silences == 0);
}

TEST_CASE("stream server: nor is one that takes a byte of it now and then") {
  Fixture fixture;
  const Fd slow = fixture.connect();
  say(slow, "big");
  std::size_t taken = 0;
  wait_until([&] {
    pollfd one{slow.get(), POLLIN, 0};
    std::array<char, 4096> room;
    if (::poll(&one, 1, 5) == 1)
      taken += static_cast<std::size_t>(std::max<ssize_t>(0, ::recv(slow.get(), room.data(), room.size(), 0)));
    fixture.stage.clock.advance(std::chrono::seconds(4));  // below `sending`
    return fixture.server->stats().open == 0;
  });
  CHECK(taken < Actor::big);
}

TEST_CASE("stream server: while memory is short a new connection is closed, and the log says so once a second") {
  MemoryBudget budget(100);
  MemoryShare share(&budget);
  StreamLimits limits{1000, milliseconds(5000), milliseconds(2)};
  limits.memory = &budget;
  Fixture fixture(limits);
  const Fd before = fixture.connect();
  say(before, "a");
  CHECK(hear(before, 1) == "a");
  REQUIRE(share.grow(100));
  for (int i = 0; i < 3; ++i) CHECK(hear(fixture.connect(), 1) == "");
  CHECK(fixture.server->stats().refused == 3);
  CHECK(fixture.stage.log.of("event=memory-full") == 1);
  say(before, "b");  // what is open goes on
  CHECK(hear(before, 1) == "b");
  share.clear();
  const Fd after = fixture.connect();
  say(after, "c");
  CHECK(hear(after, 1) == "c");
}

TEST_CASE("stream server: silence is told to the conversation, by the clock") {
  Fixture fixture;
  const Fd connection = fixture.connect();
  say(connection, "a");
  CHECK(hear(connection, 1) == "a");
  for (int i = 1; i <= 2; ++i) {
    fixture.stage.clock.advance(std::chrono::seconds(5));
    CHECK(hear(connection, 12) == "still there?");
    CHECK(fixture.stage.silences == i);
  }
  say(connection, "b");
  CHECK(hear(connection, 1) == "b");
  fixture.stage.clock.advance(std::chrono::seconds(5));
  CHECK(hear(connection, 100) == "");  // the third time it wants no more
  CHECK(fixture.stage.ended == 1);
}

TEST_CASE("stream server: ends of a connection") {
  Fixture fixture;
  const Fd polite = fixture.connect(), unlucky = fixture.connect();
  say(polite, "bye");
  CHECK(hear(polite, 100) == "bye");
  say(unlucky, "throw");
  CHECK(hear(unlucky, 100) == "");
  wait_until([&] { return fixture.stage.ended == 2; });
  fixture.stage.closed.with([](const auto& reasons) { CHECK(reasons.empty()); });  // it was we who closed
}

TEST_CASE("stream server: beyond the bound a connection is closed at once") {
  Fixture fixture({2, milliseconds(5000), milliseconds(2)});
  Fd first = fixture.connect(), second = fixture.connect();
  say(first, "1");
  say(second, "2");
  CHECK(hear(first, 1) == "1");
  CHECK(hear(second, 1) == "2");
  const Fd third = fixture.connect();
  CHECK(hear(third, 1) == "");
  CHECK(fixture.server->stats().refused == 1);
  first.reset();
  wait_until([&] { return fixture.server->stats().open == 1; });
  const Fd fourth = fixture.connect();
  say(fourth, "4");
  CHECK(hear(fourth, 1) == "4");
}

TEST_CASE("stream server: stop closes what is idle and lets who is at work answer") {
  Fixture fixture;
  const Fd idle = fixture.connect(), busy = fixture.connect();
  say(busy, "block");
  wait_until([&] { return fixture.stage.blocked == 1; });
  auto stopped = std::async(std::launch::async, [&] { fixture.server->stop(Deadline::in(std::chrono::seconds(20))); });
  CHECK(hear(idle, 1) == "");
  CHECK(fixture.stage.ended == 1);
  fixture.stage.release.count_down();
  CHECK(hear(busy, 100) == "block");
  stopped.get();
  CHECK(fixture.stage.ended == 2);
}

TEST_CASE("stream server: after the deadline of a stop who is at work is cut") {
  Fixture fixture;
  const Fd busy = fixture.connect();
  say(busy, "block");
  wait_until([&] { return fixture.stage.blocked == 1; });
  auto stopped = std::async(std::launch::async, [&] { fixture.server->stop(Deadline()); });
  CHECK(hear(busy, 100) == "");
  fixture.stage.release.count_down();
  stopped.get();
  CHECK(fixture.stage.ended == 1);
}

}  // namespace
}  // namespace mailweir

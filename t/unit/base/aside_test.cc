// SPDX-License-Identifier: BSD-2-Clause
// Work that a loop sets aside: many wait without a thread, in any order, each until its deadline; other threads wake
// them, and a few threads do what blocks.
#include "base/aside.h"

#include <exception>
#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "../fixture/temp_dir.h"
#include "base/blocking.h"
#include "base/handle.h"
#include "base/socket.h"
#include "base/stream_server.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t guest_name = 7;

// What the test and the guests of all loops share.
struct Stage {
  ManualClock clock;
  NullLog log;
  std::latch release{1};  // "block" waits for it
  std::atomic<int> asked{0}, blocked{0}, guests{0}, ended{0};
  std::mutex mutex;        // guards what follows
  std::vector<int> lines;  // the test's ends
  std::vector<std::shared_ptr<Waker>> wakers;
  std::vector<Fd> far_ends;  // of the sockets that are waited for

  // As another thread would: each several times.
  void wake_all() {
    const auto told = [&] {
      const std::lock_guard lock(mutex);
      return wakers;
    }();
    for (int i = 0; i < 3; ++i)
      for (const auto& waker : told) waker->wake();
  }

  // Tells all guests: who asked for it is woken. '!' ends them.
  void tell(char letter) {
    const std::lock_guard lock(mutex);
    for (const int line : lines) REQUIRE(::send(line, &letter, 1, MSG_NOSIGNAL) == 1);
  }
};

class Guest final : public LoopGuest {
 public:
  struct Question {
    char letter;
    WaitingLoop::Wait wait;
  };
  Guest(Stage& stage, WaitingLoop& loop) : stage_(stage), loop_(loop) {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both) == 0);
    own_ = Fd(both[0]);
    far_ = Fd(both[1]);
    const std::lock_guard lock(stage_.mutex);
    stage_.lines.push_back(far_.get());
    ++stage_.guests;
  }
  ~Guest() override {
    const std::lock_guard lock(stage_.mutex);
    std::erase(stage_.lines, far_.get());
    --stage_.guests;
  }
  void ask(Question& question, Deadline deadline) {
    questions_.push_back(&question);
    ++stage_.asked;
    loop_.set_aside(question.wait, deadline);
    std::erase(questions_, &question);
  }
  int fd() const override { return own_.get(); }
  void ready() override {
    char letter = 0;
    while (::recv(own_.get(), &letter, 1, 0) == 1) {
      over_ = over_ || letter == '!';
      for (Question* question : questions_)
        if (question->letter == letter) loop_.wake(question->wait);
    }
  }
  bool flush() override { return true; }
  bool is_over() const override { return over_ && questions_.empty(); }

 private:
  Stage& stage_;
  WaitingLoop& loop_;
  Fd own_, far_;
  bool over_ = false;
  std::vector<Question*> questions_;
};

// "a".."z": asks the guest and echoes when told so; "late x": only for 20 ms; "throw x" after x; "caught x": in a catch
// block. "far": waits for another thread; "far late": only for 20 ms. "block": until it is released; "block late":
// waits only 20 ms for a thread; "block throw". "socket", "socket late": until a socket can be read.
class Actor final : public Conversation {
 public:
  explicit Actor(Stage& stage) : stage_(stage) {}
  ~Actor() override { ++stage_.ended; }

  bool received(std::string_view bytes, Output& out) override {
    const std::string said(bytes);
    if (said.starts_with("block")) {
      const bool done = run_blocking(said.ends_with("late") ? Deadline::in(20ms) : Deadline::in(20s), [&] {
        if (waiting_loop() != nullptr) throw std::logic_error("a loop has no business here");
        ++stage_.blocked;
        stage_.release.wait();
        if (said.ends_with("throw")) throw std::runtime_error("as asked");
        out.buffer() += "alone,";
      });
      out.buffer() += !done ? "no thread" : waiting_loop() != nullptr ? "loop" : "lost";
    } else if (said.starts_with("socket")) {
      int both[2];
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, both) == 0);
      const Fd own(both[0]);
      CHECK(wait_for_socket(own.get(), true, Deadline::in(20s)));
      {
        const std::lock_guard lock(stage_.mutex);
        stage_.far_ends.emplace_back(both[1]);
        ++stage_.asked;
      }
      for (int i = 0; i < 2; ++i)  // it stays so
        out.buffer() +=
            wait_for_socket(own.get(), false, said.ends_with("late") ? Deadline::in(20ms) : Deadline::in(20s))
                ? "readable,"
                : "timed out,";
    } else if (said.starts_with("far")) {
      WaitingLoop::Wait wait;
      auto waker = waiting_loop()->waker(wait);
      {
        const std::lock_guard lock(stage_.mutex);
        stage_.wakers.push_back(std::move(waker));
        ++stage_.asked;
      }
      waiting_loop()->set_aside(wait, said.ends_with("late") ? Deadline::in(20ms) : Deadline::in(20s));
      out.buffer() += wait.woken ? "woken" : "timed out";
    } else if (said.starts_with("caught")) {
      try {
        throw said.back();
      } catch (char letter) {
        out.buffer() += ask(letter, Deadline::in(20s)) && std::current_exception() != nullptr ? "in time" : "lost";
      }
    } else {
      const bool woken = ask(said.back(), said.starts_with("late") ? Deadline::in(20ms) : Deadline::in(20s));
      if (said.starts_with("throw")) throw std::runtime_error("as asked");
      out.buffer() += woken ? bytes : "timed out";  // the bytes are the same still
    }
    return true;
  }
  void closed(std::string_view) override {}
  std::chrono::milliseconds patience() const override { return 5000ms; }
  bool silent(Output&) override { return true; }

 private:
  bool ask(char letter, Deadline deadline) {
    WaitingLoop* loop = waiting_loop();
    REQUIRE(loop != nullptr);
    auto* guest = static_cast<Guest*>(loop->guest(guest_name));
    if (guest == nullptr) {
      auto made = std::make_unique<Guest>(stage_, *loop);
      guest = made.get();
      REQUIRE(loop->add_guest(guest_name, std::move(made)));
    }
    Guest::Question question{letter, {}};
    guest->ask(question, deadline);
    return question.wait.woken;
  }

  Stage& stage_;
};

struct Fixture {
  Fixture() {
    name.path = directory.path() + "/door";
    auto listener = listen_on(name, {}, 512);
    REQUIRE(listener);
    server = std::make_unique<StreamServer>("test", std::move(*listener), StreamLimits{1000, 5000ms, 2ms}, stage.clock,
                                            stage.log, [this] { return std::make_unique<Actor>(stage); });
    server->start();
  }
  Fd connect() {
    auto connection = connect_to(name, Deadline::in(5s));
    REQUIRE(connection);
    return std::move(*connection);
  }
  void wait_until(const std::function<bool()>& true_at_last) {
    const auto until = Deadline::in(20s);
    while (!true_at_last() && !until.over()) std::this_thread::yield();
    REQUIRE(true_at_last());
  }

  TempDir directory;
  SocketName name;
  Stage stage;
  std::unique_ptr<StreamServer> server;
};

void say(const Fd& connection, std::string_view text) {
  REQUIRE(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}
std::string hear(const Fd& connection) {
  pollfd one{connection.get(), POLLIN, 0};
  REQUIRE(::poll(&one, 1, 20'000) == 1);
  char room[256];
  const auto got = ::recv(connection.get(), room, sizeof room, 0);
  return got > 0 ? std::string(room, static_cast<std::size_t>(got)) : std::string("closed");
}

TEST_CASE("set aside: many wait, answered in any order, and no thread blocks") {
  Fixture fixture;
  std::vector<Fd> waiting;
  for (int i = 0; i < 26; ++i) waiting.push_back(fixture.connect());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 26; ++i) say(waiting[static_cast<std::size_t>(i)], std::string(1, static_cast<char>('a' + i)));
    fixture.wait_until([&] { return fixture.stage.asked == 26 * (round + 1); });
    for (int i = 25; i >= 0; --i) {
      const std::string letter(1, static_cast<char>('a' + i));
      fixture.stage.tell(letter[0]);
      CHECK(hear(waiting[static_cast<std::size_t>(i)]) == letter);
    }
  }
  CHECK(fixture.server->pool_threads() == 0);
}

TEST_CASE("set aside: each until its own deadline") {
  Fixture fixture;
  const Fd late = fixture.connect(), patient = fixture.connect(), third = fixture.connect();
  say(patient, "p");
  say(third, "late q");
  say(late, "late x");
  CHECK(hear(late) == "timed out");
  CHECK(hear(third) == "timed out");
  fixture.stage.tell('x');  // who is gone is not woken
  fixture.stage.tell('p');
  CHECK(hear(patient) == "p");
  say(late, "y");
  fixture.wait_until([&] { return fixture.stage.asked == 4; });
  fixture.stage.tell('y');
  CHECK(hear(late) == "y");
}

TEST_CASE("set aside: what blocks has a few threads, and the loop goes on") {
  Fixture fixture;
  std::vector<Fd> waiting, stuck;
  for (int i = 0; i < 40; ++i) {
    waiting.push_back(fixture.connect());
    stuck.push_back(fixture.connect());
  }
  for (const Fd& connection : waiting) say(connection, "w");
  for (const Fd& connection : stuck) say(connection, "block");
  fixture.wait_until([&] { return fixture.stage.blocked == 16 && fixture.stage.asked == 40; });
  fixture.stage.tell('w');
  for (const Fd& connection : waiting) CHECK(hear(connection) == "w");
  CHECK(fixture.server->pool_threads() == 16);
  say(waiting[0], "block late");
  CHECK(hear(waiting[0]) == "no thread");
  say(waiting[1], "block throw");
  fixture.stage.release.count_down();
  for (const Fd& connection : stuck) CHECK(hear(connection) == "alone,loop");
  CHECK(hear(waiting[1]) == "closed");
  CHECK(fixture.stage.blocked == 41);
}

TEST_CASE("set aside: until a socket can be read, or its peer is gone") {
  Fixture fixture;
  std::vector<Fd> connections;
  for (int i = 0; i < 40; ++i) connections.push_back(fixture.connect());
  for (const Fd& connection : connections) say(connection, "socket");
  fixture.wait_until([&] { return fixture.stage.asked == 40; });
  {
    const std::lock_guard lock(fixture.stage.mutex);
    for (std::size_t i = 0; i < 20; ++i) say(fixture.stage.far_ends[i], "x");
    fixture.stage.far_ends.resize(20);
  }
  for (const Fd& connection : connections) CHECK(hear(connection) == "readable,readable,");
  say(connections[0], "socket late");
  CHECK(hear(connections[0]) == "timed out,timed out,");
  CHECK(fixture.server->pool_threads() == 0);
}

TEST_CASE("set aside: woken by other threads, once") {
  Fixture fixture;
  constexpr int many = 300;
  std::vector<Fd> connections;
  for (int i = 0; i < many; ++i) connections.push_back(fixture.connect());
  for (int round = 1; round <= 3; ++round) {
    for (const Fd& connection : connections) say(connection, "far");
    fixture.wait_until([&] { return fixture.stage.asked == many * round; });
    fixture.stage.wake_all();  // those of the rounds before too: they are over
    for (const Fd& connection : connections) CHECK(hear(connection) == "woken");
  }
  say(connections[0], "far late");
  CHECK(hear(connections[0]) == "timed out");
  say(connections[0], "a");
  fixture.wait_until([&] { return fixture.stage.asked == many * 3 + 2; });
  fixture.stage.wake_all();  // the one that is over does not end the next wait
  say(connections[1], "far");
  fixture.wait_until([&] { return fixture.stage.asked == many * 3 + 3; });
  fixture.stage.wake_all();
  CHECK(hear(connections[1]) == "woken");
  fixture.stage.tell('a');
  CHECK(hear(connections[0]) == "a");
  fixture.server.reset();
  fixture.stage.wake_all();  // the loops are gone
}

TEST_CASE("set aside: what the peer says meanwhile is heard afterwards; who leaves, leaves; what throws, ends") {
  Fixture fixture;
  const Fd eager = fixture.connect(), unlucky = fixture.connect();
  Fd gone = fixture.connect();
  say(eager, "a");
  say(gone, "a");
  say(unlucky, "throw a");
  fixture.wait_until([&] { return fixture.stage.asked == 3; });
  say(eager, "b");
  gone.reset();
  fixture.stage.tell('a');
  CHECK(hear(eager) == "a");
  CHECK(hear(unlucky) == "closed");
  fixture.wait_until([&] { return fixture.stage.asked == 4 && fixture.stage.ended == 2; });
  fixture.stage.tell('b');
  CHECK(hear(eager) == "b");
  say(eager, "caught c");
  fixture.wait_until([&] { return fixture.stage.asked == 5; });
  fixture.stage.tell('c');
  CHECK(hear(eager) == "in time");
}

TEST_CASE("set aside: a guest that is over goes, and another comes") {
  Fixture fixture;
  const Fd connection = fixture.connect();
  for (int round = 0; round < 3; ++round) {
    say(connection, "a");
    fixture.wait_until([&] { return fixture.stage.asked == round + 1; });
    CHECK(fixture.stage.guests == 1);
    fixture.stage.tell('a');
    CHECK(hear(connection) == "a");
    fixture.stage.tell('!');
    fixture.wait_until([&] { return fixture.stage.guests == 0; });
  }
}

TEST_CASE("set aside: a stop waits for the answer") {
  Fixture fixture;
  const Fd idle = fixture.connect(), busy = fixture.connect();
  say(busy, "a");
  fixture.wait_until([&] { return fixture.stage.asked == 1; });
  std::thread stop([&] { fixture.server->stop(Deadline::in(20s)); });
  CHECK(hear(idle) == "closed");
  fixture.stage.tell('a');
  CHECK(hear(busy) == "a");
  stop.join();
  CHECK(fixture.stage.ended == 2);
}

}  // namespace
}  // namespace mailweir

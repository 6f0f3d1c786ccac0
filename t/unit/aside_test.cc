// SPDX-License-Identifier: BSD-2-Clause
// Work that a loop sets aside: many wait without a thread, in any order, each until its deadline, whoever leads meanwhile.
#include "base/aside.h"

#include <latch>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "base/blocking.h"
#include "base/handle.h"
#include "base/socket.h"
#include "base/stream_server.h"
#include "temp_dir.h"

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
  std::mutex mutex;
  std::vector<int> lines;  // the test's ends

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

// "a".."z": asks the guest and echoes when told so; "late x": only for 20 ms; "block", "throw x" after x, "caught".
class Actor final : public Conversation {
 public:
  explicit Actor(Stage& stage) : stage_(stage) {}
  ~Actor() override { ++stage_.ended; }

  bool received(std::string_view bytes, Output& out) override {
    const std::string said(bytes);
    if (said == "block") {
      about_to_block();
      ++stage_.blocked;
      stage_.release.wait();
      out.buffer() += waiting_loop() == nullptr ? "alone" : "loop";
    } else if (said == "caught") {
      try {
        throw 1;
      } catch (int) {
        out.buffer() += waiting_loop() == nullptr ? "alone" : "loop";
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
  CHECK(fixture.server->stats().handed_over == 0);
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

TEST_CASE("set aside: taken up by another thread when the first one blocks") {
  Fixture fixture;
  std::vector<Fd> waiting, stuck;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(fixture.connect());
    stuck.push_back(fixture.connect());
  }
  for (const Fd& connection : waiting) say(connection, "w");
  fixture.wait_until([&] { return fixture.stage.asked == 20; });
  for (const Fd& connection : stuck) say(connection, "block");
  fixture.wait_until([&] { return fixture.stage.blocked == 20; });
  fixture.stage.tell('w');
  for (const Fd& connection : waiting) CHECK(hear(connection) == "w");
  fixture.stage.release.count_down();
  for (const Fd& connection : stuck) CHECK(hear(connection) == "alone");
  for (const Fd& connection : stuck) say(connection, "s");
  fixture.wait_until([&] { return fixture.stage.asked == 40; });
  fixture.stage.tell('s');
  for (const Fd& connection : stuck) CHECK(hear(connection) == "s");
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
  say(eager, "caught");
  CHECK(hear(eager) == "loop");
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

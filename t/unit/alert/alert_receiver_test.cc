// SPDX-License-Identifier: BSD-2-Clause
// Programs that are run with a bound, and the desk: its queues, its end, another receiver while something waits.
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include <unistd.h>

#include "../fixture/temp_dir.h"
#include "adapter/alert/alert_desk.h"
#include "base/handle.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;

Result<void> sh(const std::string& script, const std::string& input, std::chrono::milliseconds longest,
                const GiveUp& give_up = nullptr) {
  return run_program({"/bin/sh", "-c", script}, input, Deadline::in(longest), give_up);
}

TEST_CASE("programs: what they read, and how they end") {
  REQUIRE(::dup2(0, 77) == 77);  // without FD_CLOEXEC
  const Fd ours(77);
  const std::string big(300'000, 'x');
  struct Row {
    std::string what;
    std::string script, input;
    const char* error;  // "": none
    bool temporary;
  };
  const Row rows[] = {
      {"reads its input", "test \"$(cat)\" = hello", "hello", "", false},
      {"reads much", "test $(wc -c) = 300000", big, "", false},
      {"reads nothing of much", "exit 0", big, "", false},
      {"fails and says why", "echo 'no \001 route' >&2; exit 3", "", "/bin/sh: exit status 3: no ? route", false},
      {"fails for now", "exit 75", "", "/bin/sh: exit status 75", true},
      {"is killed", "kill -9 $$", "", "/bin/sh: ended by signal 9", false},
      {"complains without end and succeeds", "head -c 1000000 /dev/zero >&2", "", "", false},
      {"has none of our environment", "test -z \"$HOME$USER$MAILWEIR_BUILD\" && test -n \"$PATH\"", "", "", false},
      {"has no open file of ours", "test ! -e /proc/$$/fd/77", "", "", false},
      {"may be killed by a signal that we block or ignore", "kill -PIPE $$", "", "/bin/sh: ended by signal 13", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto done = sh(row.script, row.input, 20s);
    CHECK(static_cast<bool>(done) == (row.error[0] == '\0'));
    if (done) continue;
    CHECK(done.error().what == row.error);
    CHECK(done.error().temporary == row.temporary);
  }
  const auto none = run_program({"/nonexistent/program"}, "", Deadline::in(5s), nullptr);
  REQUIRE_FALSE(none);
  CHECK(none.error().what == "/nonexistent/program: cannot be run: No such file or directory");
}

TEST_CASE("a program that does not end is killed, with what it started") {
  TempDir directory;
  const std::string file = directory / "pid";
  const auto late = sh("sleep 600 & echo $! > " + file + "; wait", "", 300ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().what == "/bin/sh: killed after its deadline");
  CHECK_FALSE(late.error().temporary);
  const auto gone =
      sh("read pid < " + file + "; while [ -d /proc/$pid ] && ! grep -q 'State:.Z' /proc/$pid/status; do :; done", "",
         10s);
  CHECK(static_cast<bool>(gone));
  const auto given_up = sh("sleep 600", "", 600s, [] { return true; });
  REQUIRE_FALSE(given_up);
  CHECK(given_up.error().what == "/bin/sh: killed because the daemon ends");
}

// Answers as it is told, and remembers what came; `hold` keeps it waiting as a receiver that hangs.
class Ear final : public AlertReceiver {
 public:
  Result<void> send(const AlertNotice& notice, Deadline, const GiveUp& give_up) override {
    std::unique_lock lock(mutex_);
    ++tries_;
    changed_.notify_all();
    while (held_ && !(give_up && give_up())) changed_.wait_for(lock, 5ms);
    if (held_) return Error{"ear: held", true};
    if (!error_.empty()) return Error{error_, temporary_};
    heard_.push_back(std::holds_alternative<Alert>(notice)
                         ? std::get<Alert>(notice).key
                         : "summary of " + std::to_string(std::get<AlertSummary>(notice).alerts));
    changed_.notify_all();
    return {};
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void fail(std::string error, bool temporary) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    temporary_ = temporary;
  }
  bool wait_tries(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return tries_ >= count; });
  }
  bool wait_heard(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return heard_.size() >= count; });
  }
  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
  std::size_t tries_ = 0;
  bool held_ = false, temporary_ = false;
  std::string error_;
};

MadeReceivers by_webhook(std::shared_ptr<Ear> ear, std::chrono::milliseconds group = 0ms) {
  MadeReceivers made;
  made.webhook = std::move(ear);
  made.group = group;
  made.deadline = 10s;
  return made;
}

Alert hit(std::string key) {
  Alert alert;
  alert.rule = "r";
  alert.key = std::move(key);
  return alert;
}

TEST_CASE("a receiver that hangs holds up no other, and its queue is bounded") {
  NullLog log;
  const SystemClock clock;
  AlertDesk desk(clock, log);
  desk.raise(hit("no listener"));
  const auto hanging = std::make_shared<Ear>(), well = std::make_shared<Ear>();
  hanging->hold(true);
  MadeReceivers made = by_webhook(hanging);
  made.command = well;
  desk.use(made);
  const std::size_t many = AlertLane::most_waiting + 50;
  for (std::size_t i = 0; i < many; ++i) {
    desk.raise(hit(std::to_string(i)));
    REQUIRE(well->wait_heard(i + 1));
  }
  const auto lanes = desk.lanes();
  REQUIRE(lanes.size() == 2);
  CHECK(lanes[0]->name() == "webhook");
  CHECK(lanes[0]->waiting() == AlertLane::most_waiting);
  CHECK(lanes[0]->stats().dropped == 50);
  CHECK(lanes[1]->stats().dropped == 0);
  CHECK(well->heard().back() == std::to_string(many - 1));
  CHECK(desk.raised() == many + 1);
  desk.stop(200ms);  // the one that hangs goes on hanging
  CHECK(lanes[0]->stats().failed == AlertLane::most_waiting);
}

TEST_CASE("another receiver gets what waits, one that goes keeps what it has") {
  NullLog log;
  const SystemClock clock;
  AlertDesk desk(clock, log);
  const auto before = std::make_shared<Ear>(), after = std::make_shared<Ear>();
  before->hold(true);
  desk.use(by_webhook(before));
  for (const auto* key : {"a", "b", "c"}) desk.raise(hit(key));
  REQUIRE(before->wait_tries(1));
  desk.use(by_webhook(after));
  before->hold(false);
  REQUIRE(after->wait_heard(2));
  CHECK(before->heard() == std::vector<std::string>{"a"});
  CHECK(after->heard() == std::vector<std::string>{"b", "c"});
  after->hold(true);
  desk.raise(hit("d"));
  REQUIRE(after->wait_tries(3));
  desk.use({});
  desk.raise(hit("no listener"));
  after->hold(false);
  REQUIRE(after->wait_heard(3));
  CHECK(after->heard().back() == "d");
  CHECK(desk.lanes().empty());
}

TEST_CASE("what is collected goes at the end; an error that lasts is not tried again") {
  NullLog log;
  const SystemClock clock;
  AlertDesk desk(clock, log);
  const auto ear = std::make_shared<Ear>();
  desk.use(by_webhook(ear, 1h));
  for (int i = 0; i < 10; ++i) desk.raise(hit("k"));
  REQUIRE(ear->wait_heard(1));
  desk.stop(10s);
  CHECK(ear->heard() == std::vector<std::string>{"k", "summary of 9"});
  desk.raise(hit("after the end"));

  AlertDesk other(clock, log);
  const auto refuses = std::make_shared<Ear>();
  refuses->fail("404", false);
  other.use(by_webhook(refuses));
  for (const auto* key : {"a", "b"}) other.raise(hit(key));
  REQUIRE(refuses->wait_tries(2));
  const auto outcomes = other.test();
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].first == "webhook");
  REQUIRE_FALSE(outcomes[0].second);
  CHECK(outcomes[0].second.error().what == "404");
  const auto lanes = other.lanes();
  other.stop(10s);
  CHECK(lanes[0]->stats().failed == 2);
}

TEST_CASE("what there is no room for is counted and told") {
  NullLog log;
  const SystemClock clock;
  AlertDesk desk(clock, log);
  const auto ear = std::make_shared<Ear>();
  desk.use(by_webhook(ear, 1h));
  // Faster than it is looked at, now and then: nothing is lost without being counted.
  const std::uint64_t many = 50'000;
  for (std::uint64_t i = 0; i < many; ++i) desk.raise(hit("k"));
  REQUIRE(ear->wait_heard(1));
  desk.stop(10s);
  CHECK(ear->heard() == std::vector<std::string>{"k", "summary of " + std::to_string(many - 1 - desk.dropped())});
}

}  // namespace
}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scan_loop.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include <doctest/doctest.h>

namespace mailweir {
namespace {

using namespace std::chrono_literals;

// Work without a socket: counts what it is asked, and says when it is due.
class Waits final : public ScanLoop::Work {
 public:
  explicit Waits(std::function<SteadyTime(SteadyTime)> next) : next_(std::move(next)) {}

  bool go_on(SteadyTime now) override {
    const std::lock_guard lock(mutex_);
    due_ = next_(now);
    ++turns_;
    changed_.notify_all();
    return true;
  }
  int fd() const override { return -1; }
  unsigned sockets() const override { return 0; }
  bool wants_room() const override { return false; }
  SteadyTime due() const override {
    const std::lock_guard lock(mutex_);
    ++asked_;
    return due_;
  }

  // Until it had so many turns, which it has soon.
  bool had(unsigned turns) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return turns_ >= turns; });
  }
  unsigned turns() const {
    const std::lock_guard lock(mutex_);
    return turns_;
  }
  unsigned asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  const std::function<SteadyTime(SteadyTime)> next_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  SteadyTime due_ = SteadyTime::max();
  unsigned turns_ = 0;
  mutable unsigned asked_ = 0;
};

SteadyTime never(SteadyTime) { return SteadyTime::max(); }

TEST_CASE("scan loop: what is due has its turn by the loop's clock, the earliest first, and what is not due has none") {
  ManualClock clock;
  ScanLoop loop(clock);
  const auto first = std::make_shared<Waits>([](SteadyTime now) { return now + 1h; });
  const auto later = std::make_shared<Waits>([](SteadyTime now) { return now + 3h; });
  const auto other = std::make_shared<Waits>(never);
  loop.nudge(first);
  loop.nudge(later);
  REQUIRE(first->had(1));
  REQUIRE(later->had(1));
  clock.advance(1h);
  loop.nudge(other);  // its wait for the hour is one of the real clock
  CHECK(first->had(2));
  CHECK(later->turns() == 1);
  clock.advance(2h);
  loop.nudge(other);
  CHECK(first->had(3));
  CHECK(later->had(2));
}

TEST_CASE("scan loop: a turn asks only what had a turn for its time, however many scans are open") {
  ManualClock clock;
  ScanLoop loop(clock);
  std::vector<std::shared_ptr<Waits>> open;
  for (int i = 0; i < 1000; ++i) {
    open.push_back(std::make_shared<Waits>([](SteadyTime now) { return now + 1h; }));
    loop.nudge(open.back());
  }
  for (const auto& one : open) REQUIRE(one->had(1));
  const auto busy = std::make_shared<Waits>(never);
  for (unsigned turn = 1; turn <= 100; ++turn) {
    loop.nudge(busy);
    REQUIRE(busy->had(turn));
  }
  for (const auto& one : open) REQUIRE(one->asked() == 1);
}

}  // namespace
}  // namespace mailweir

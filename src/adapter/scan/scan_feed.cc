// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/scan/scan_feed.h"

#include <string>
#include <utility>

namespace mailweir {
namespace {

ScanAnswer without(ScanStatus status, std::string why) {
  ScanAnswer answer;
  answer.status = status;
  answer.why = std::move(why);
  return answer;
}

}  // namespace

bool ScanFeed::write(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (answer_ || bytes.empty()) return false;
  if (bytes.size() > largest_ || held_.size() > largest_ - bytes.size()) {
    settle(without(ScanStatus::unscanned, "the message is larger than max_scan"));
    return true;
  }
  if (const auto held = held_.append(bytes); !held) {
    settle(without(ScanStatus::temperror, held.error().what));
    return true;
  }
  return std::exchange(idle_, false);
}

bool ScanFeed::end(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!ended_) ended_ = now;
  return !answer_;
}

bool ScanFeed::break_off() {
  const std::lock_guard lock(mutex_);
  broken_off_ = true;
  held_.clear();
  return !answer_;
}

const ScanAnswer* ScanFeed::wait(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (!answered_.wait(lock, deadline, [this] { return answer_.has_value(); })) return nullptr;
  return &*answer_;
}

ScanFeed::Taken ScanFeed::take(std::uint64_t place, std::span<char> to, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (answer_ || broken_off_) return {};
  const auto got = held_.read(place, to);
  if (!got) {
    settle(without(ScanStatus::temperror, got.error().what), now);
    return {};
  }
  idle_ = *got == 0 && !ended_;
  return {*got, ended_ && place + *got == held_.size()};
}

void ScanFeed::sent(std::uint64_t place) {
  const std::lock_guard lock(mutex_);
  held_.sent(place);
}

bool ScanFeed::is_whole() const {
  const std::lock_guard lock(mutex_);
  return held_.is_whole();
}

bool ScanFeed::start_again() {
  const std::lock_guard lock(mutex_);
  held_.sent(0);
  return held_.is_whole();
}

std::optional<SteadyTime> ScanFeed::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

bool ScanFeed::is_over() const {
  const std::lock_guard lock(mutex_);
  return answer_ || broken_off_;
}

void ScanFeed::answer(ScanAnswer answer, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  settle(std::move(answer), now);
}

// Both under the lock. The message may have ended since that was now.
void ScanFeed::settle(ScanAnswer answer, SteadyTime now) {
  if (ended_ && now > *ended_) answer.took = std::chrono::duration_cast<std::chrono::microseconds>(now - *ended_);
  settle(std::move(answer));
}

void ScanFeed::settle(ScanAnswer answer) {
  if (answer_) return;
  answer_ = std::move(answer);
  held_.clear();
  answered_.wake();
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/circuit_breaker.h"

#include "base/duration.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds between_words{10};  // of another reason why it is down still

std::int64_t seconds_of(const Clock& clock) {
  return std::chrono::floor<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
}

void log_down(Log& log, const std::string& store, const std::string& meanwhile, const Error& error) {
  Event("counter-store")
      .with("state", "down")
      .with("store", store)
      .with("meanwhile", meanwhile)
      .with("error", error.what)
      .to(log, Severity::warning);
}

}  // namespace

std::optional<CircuitBreaker::Pass> CircuitBreaker::enter(Deadline deadline) {
  if (stats_.up) return Pass{deadline.left() >= fair_time_.load()};
  ++stats_.spared;
  return std::nullopt;
}

bool CircuitBreaker::failed(Pass pass, const Error& error) {
  if (!pass.fair) return false;
  const std::lock_guard lock(mutex_);
  last_error_ = error.what;
  if (!stats_.up) return false;
  went_down_ = clock_.steady();
  next_word_ = went_down_ + between_words;
  said_error_ = error.what;
  ++stats_.outages;
  stats_.since = seconds_of(clock_);
  stats_.up = false;
  log_down(log_, config_.name, meanwhile_, error);
  return true;
}

void CircuitBreaker::still_down(const Error& error) {
  const std::lock_guard lock(mutex_);
  last_error_ = error.what;
  const SteadyTime now = clock_.steady();
  if (stats_.up || error.what == said_error_ || now < next_word_) return;
  next_word_ = now + between_words;
  said_error_ = error.what;
  log_down(log_, config_.name, meanwhile_, error);
}

void CircuitBreaker::back() {
  const std::lock_guard lock(mutex_);
  if (stats_.up) return;
  stats_.since = seconds_of(clock_);
  stats_.up = true;
  const auto down = std::chrono::ceil<std::chrono::milliseconds>(clock_.steady() - went_down_);
  Event("counter-store")
      .with("state", "up")
      .with("store", config_.name)
      .with("down_for", rough_duration(down))
      .with("added", static_cast<std::int64_t>(stats_.merged - merged_before_))
      .to(log_, Severity::notice);
  merged_before_ = stats_.merged;
}

SteadyTime CircuitBreaker::went_down() const {
  const std::lock_guard lock(mutex_);
  return went_down_;
}

Error CircuitBreaker::trouble() const {
  const std::lock_guard lock(mutex_);
  return Error{config_.name + " is down and was not asked; the last error: " + last_error_, true};
}

}  // namespace mailweir

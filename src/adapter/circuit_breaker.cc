// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/circuit_breaker.h"

#include "base/duration.h"

namespace mailweir {

std::optional<CircuitBreaker::Pass> CircuitBreaker::enter(Deadline deadline) {
  const Pass pass{deadline.left() >= config_.fair_time};
  if (stats_.up) return pass;
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  if (stats_.up) return pass;
  if (now < next_try_ || !pass.fair) {
    ++stats_.spared;
    return std::nullopt;
  }
  next_try_ = now + config_.pause;
  return pass;
}

void CircuitBreaker::succeeded() {
  if (stats_.up) return;
  const std::lock_guard lock(mutex_);
  if (stats_.up) return;
  stats_.up = true;
  const auto down = std::chrono::ceil<std::chrono::milliseconds>(clock_.steady() - went_down_);
  Event("counter_store").with("state", "up").with("store", config_.name).with("down_for", rough_duration(down))
      .to(log_, Severity::notice);
}

void CircuitBreaker::failed(Pass pass, const Error& error) {
  if (!pass.fair) return;
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  next_try_ = now + config_.pause;
  last_error_ = error.what;
  if (!stats_.up) return;
  went_down_ = now;
  ++stats_.outages;
  stats_.up = false;
  Event("counter_store").with("state", "down").with("store", config_.name).with("meanwhile", meanwhile_)
      .with("error", error.what).to(log_, Severity::warning);
}

Error CircuitBreaker::trouble() const {
  const std::lock_guard lock(mutex_);
  return Error{config_.name + " is down and was not asked; the last error: " + last_error_, true};
}

}  // namespace mailweir

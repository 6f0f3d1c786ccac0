// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/redis/redis_outage.h"

#include "base/duration.h"

namespace mailweir {
namespace {

constexpr std::chrono::seconds pause{1};  // between two tries while the server is down

}  // namespace

bool RedisOutage::may_try() {
  if (stats_.up) return true;
  const std::lock_guard lock(mutex_);
  if (stats_.up) return true;
  const SteadyTime now = clock_.steady();
  if (now < next_try_) return false;
  next_try_ = now + pause;
  return true;
}

void RedisOutage::went_up() {
  if (stats_.up) return;
  const std::lock_guard lock(mutex_);
  if (stats_.up) return;
  stats_.up = true;
  const auto down = std::chrono::ceil<std::chrono::milliseconds>(clock_.steady() - down_since_);
  Event(event_)
      .with("state", "up")
      .with("store", store_)
      .with("down_for", rough_duration(down))
      .to(log_, Severity::notice);
}

void RedisOutage::went_down(const Error& error) {
  ++stats_.errors;
  const std::lock_guard lock(mutex_);
  next_try_ = clock_.steady() + pause;
  if (!stats_.up) return;
  stats_.up = false;
  ++stats_.outages;
  down_since_ = clock_.steady();
  Event(event_)
      .with("state", "down")
      .with("store", store_)
      .with("error", error.what)
      .with("what", what_)
      .to(log_, Severity::warning);
}

}  // namespace mailweir

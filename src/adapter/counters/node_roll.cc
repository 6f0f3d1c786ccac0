// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/node_roll.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace mailweir {
namespace {

constexpr std::chrono::milliseconds longest_age = std::chrono::hours(1);

}  // namespace

std::string unique_node_id() {
  std::random_device random;
  return std::to_string(random()) + '-' + std::to_string(random()) + '-';
}

void NodeRoll::begin_to_settle() {
  settled_from_ = clock_.steady();
  next_ = SteadyTime::min();
  stats_.settling = true;
}

Result<bool> NodeRoll::sign_in(bool adding, SteadyTime went_down, std::chrono::milliseconds patience) {
  const SteadyTime now = clock_.steady();
  if (now < next_) return false;
  next_ = now + (stats_.settling ? config_.pause : config_.sign_every);
  const auto age = std::min(std::chrono::floor<std::chrono::milliseconds>(now - went_down), longest_age);
  const auto nodes = shared_.sign_in(node_, adding, age, Deadline::in(patience));
  if (!nodes) return nodes.error();
  const auto all = static_cast<std::size_t>(std::lround(1 / config_.local_share));
  const bool waited = now - settled_from_ >= config_.settle && nodes->adding == 0;
  if (adding || !stats_.settling || (nodes->whole < all && !waited)) return false;
  stats_.settling = false;
  Event("counter-store")
      .with("state", "whole")
      .with("store", config_.name)
      .with("nodes", static_cast<std::int64_t>(nodes->whole))
      .with("of", static_cast<std::int64_t>(all))
      .to(log_, nodes->whole < all ? Severity::warning : Severity::notice);
  return true;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "engine/leases.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <span>
#include <vector>

namespace mailweir {

std::string Leases::new_member() {
  // The process's own random start and a count: unique over nodes and over restarts.
  static const std::uint64_t start = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  static std::atomic<std::uint64_t> count{0};
  return std::to_string(start) + '.' + std::to_string(++count);
}

void Leases::hold(const Charge& lease) {
  held_.with([&](auto& held) { held[name(lease)] = lease; });
}

void Leases::release(const Charge& lease, const Receipt& receipt, Deadline deadline) {
  held_.with([&](auto& held) { held.erase(name(lease)); });
  const auto given = store_.give_back(std::span(&lease, 1), receipt, deadline);
  static_cast<void>(given);
}

Result<void> Leases::renew(Deadline deadline) {
  const auto all = held_.with([](auto& held) {
    std::vector<Charge> leases;
    leases.reserve(held.size());
    for (const auto& [id, lease] : held) leases.push_back(lease);
    return leases;
  });
  constexpr std::size_t at_once = 500;
  for (std::size_t i = 0; i < all.size(); i += at_once) {
    const auto part = std::span(all).subspan(i, std::min(at_once, all.size() - i));
    if (auto done = store_.renew(part, deadline); !done) return done;
    // Given back in this moment: it must not live on.
    for (const Charge& lease : part) {
      if (held_.with([&](auto& held) { return held.contains(name(lease)); })) continue;
      static_cast<void>(store_.give_back(std::span(&lease, 1), Receipt{{0}, 0}, deadline));
    }
  }
  return {};
}

std::size_t Leases::held() const {
  return held_.with([](const auto& held) { return held.size(); });
}

}  // namespace mailweir

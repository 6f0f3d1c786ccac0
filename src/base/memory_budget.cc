// SPDX-License-Identifier: BSD-2-Clause
#include "base/memory_budget.h"

#include <algorithm>
#include <utility>

namespace mailweir {
namespace {

constexpr std::size_t worth_giving_back = 8 << 20;

}  // namespace

bool MemoryBudget::take(std::size_t bytes) {
  auto used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > most_ || used > most_ - bytes) {
      ++refused_;
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  used += bytes;
  auto peak = peak_.load(std::memory_order_relaxed);
  while (peak < used && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) continue;
  return true;
}

std::optional<std::uint64_t> MemoryBudget::line_due(SteadyTime now) {
  return lines_.with([now](Lines& lines) -> std::optional<std::uint64_t> {
    if (lines.last && now - *lines.last < std::chrono::seconds(1)) {
      ++lines.left_out;
      return {};
    }
    lines.last = now;
    return std::exchange(lines.left_out, 0);
  });
}

bool MemoryBudget::fell() {
  const auto now = used();
  const auto peak = peak_.load(std::memory_order_relaxed);
  if (peak < now + worth_giving_back || now > peak / 2) return false;
  peak_.store(now, std::memory_order_relaxed);
  return true;
}

MemoryShare& MemoryShare::operator=(MemoryShare&& other) noexcept {
  if (this == &other) return *this;
  clear();
  budget_ = other.budget_;
  bytes_ = std::exchange(other.bytes_, 0);
  return *this;
}

bool MemoryShare::grow(std::size_t bytes) {
  if (budget_ != nullptr && !budget_->take(bytes)) return false;
  bytes_ += bytes;
  return true;
}

bool MemoryShare::resize(std::size_t bytes) {
  if (bytes > bytes_) return grow(bytes - bytes_);
  if (budget_ != nullptr) budget_->give_back(bytes_ - bytes);
  bytes_ = bytes;
  return true;
}

void MemoryShare::clear() { static_cast<void>(resize(0)); }

}  // namespace mailweir

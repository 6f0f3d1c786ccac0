// SPDX-License-Identifier: BSD-2-Clause
// MemoryBudget: how many bytes connections may hold together of what strangers send: headers, recipients, answers that
// are kept, packets that are not whole. A MemoryShare is one holder's part of it; it asks before it grows, and what it
// holds goes back when it is destroyed. Sums are of bytes as they are counted, not of what the allocator takes.
//
// A budget is thread-safe and outlives its shares. A share belongs to one thread at a time. A share without a budget
// has no bound.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metric.h"

namespace mailweir {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t most) : most_(most) {}

  std::size_t most() const { return most_; }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  // How often a share was not given what it asked for.
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  bool full() const { return used() >= most_; }
  // Whether a line about it is due: one a second. How many were left out since.
  std::optional<std::uint64_t> line_due(SteadyTime now);
  // Whether much has been given back since the last call: then the allocator has much to give back, too.
  bool fell();

 private:
  friend class MemoryShare;
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  struct Lines {
    std::optional<SteadyTime> last;
    std::uint64_t left_out = 0;
  };
  const std::size_t most_;
  std::atomic<std::size_t> used_{0}, peak_{0};
  std::atomic<std::uint64_t> refused_{0};
  Guarded<Lines> lines_;
};

inline constexpr Metric<MemoryBudget> memory_metrics[] = {
    {"used", as_gauge("mailweir_connection_memory_bytes", "Bytes that connections hold of client input"),
     via<&MemoryBudget::used>},
    {"most", as_gauge("mailweir_connection_memory_limit_bytes", "Their limit: [general] memory"),
     via<&MemoryBudget::most>},
    {"refused",
     as_counter("mailweir_connection_memory_refused_total", "Times that client input was refused for lack of room"),
     via<&MemoryBudget::refused>},
};

class MemoryShare {
 public:
  explicit MemoryShare(MemoryBudget* budget) : budget_(budget) {}
  ~MemoryShare() { clear(); }
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;
  MemoryShare(MemoryShare&& other) noexcept : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryShare& operator=(MemoryShare&& other) noexcept;

  std::size_t bytes() const { return bytes_; }
  // False, and nothing changes: the budget has no room for so much more.
  [[nodiscard]] bool grow(std::size_t bytes);
  // Grows or shrinks to this.
  [[nodiscard]] bool resize(std::size_t bytes);
  void clear();

 private:
  MemoryBudget* budget_;
  std::size_t bytes_ = 0;
};

}  // namespace mailweir

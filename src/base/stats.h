// SPDX-License-Identifier: BSD-2-Clause
// What modules count: Count, a number that only grows, and LatencyHistogram, how long things took. Any thread may add
// and read, without a lock; a reader sees each number at some moment of its own. Sample is one number to print;
// base/metric.h says how a module names what it counts.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mailweir {

class Count {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class LatencyHistogram {
 public:
  // The upper edges of the buckets; one more bucket holds what took longer.
  static constexpr std::array<std::chrono::microseconds, 16> edges = {
      std::chrono::microseconds(50),        std::chrono::microseconds(100),       std::chrono::microseconds(250),
      std::chrono::microseconds(500),       std::chrono::microseconds(1'000),     std::chrono::microseconds(2'500),
      std::chrono::microseconds(5'000),     std::chrono::microseconds(10'000),    std::chrono::microseconds(25'000),
      std::chrono::microseconds(50'000),    std::chrono::microseconds(100'000),   std::chrono::microseconds(250'000),
      std::chrono::microseconds(500'000),   std::chrono::microseconds(1'000'000), std::chrono::microseconds(2'500'000),
      std::chrono::microseconds(10'000'000)};

  struct Reading {
    std::array<std::uint64_t, edges.size() + 1> counts{};  // of each bucket alone
    std::chrono::nanoseconds sum{0};
    std::uint64_t total() const {
      std::uint64_t all = 0;
      for (const auto count : counts) all += count;
      return all;
    }
  };

  // An edge belongs to the bucket below it; a negative span counts as none.
  void observe(std::chrono::nanoseconds span) {
    std::size_t bucket = 0;
    while (bucket < edges.size() && span > edges[bucket]) ++bucket;
    counts_[bucket].add();
    if (span.count() > 0) nanoseconds_.add(static_cast<std::uint64_t>(span.count()));
  }
  Reading read() const {
    Reading reading;
    for (std::size_t i = 0; i < counts_.size(); ++i) reading.counts[i] = counts_[i].value();
    reading.sum = std::chrono::nanoseconds(nanoseconds_.value());
    return reading;
  }

 private:
  std::array<Count, edges.size() + 1> counts_;
  Count nanoseconds_;
};

// One number to print, in Prometheus's terms. Samples of one name have one help and one kind.
struct Sample {
  enum class Kind { counter, gauge, histogram };
  std::string name;  // "mailweir_verdicts_total": letters, digits, '_'; a counter ends in _total, a time in _seconds
  std::string help;
  Kind kind = Kind::counter;
  std::vector<std::pair<std::string, std::string>> labels{};  // name and value; values may be any text
  std::variant<double, LatencyHistogram::Reading> value = 0.0;
};

}  // namespace mailweir

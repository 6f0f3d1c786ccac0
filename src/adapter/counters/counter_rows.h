// SPDX-License-Identifier: BSD-2-Clause
// CounterRows: the rows of a list of counters while a store is walked through: at most query.most of them, so that a
// walk through millions holds no more. A counter that the walk meets twice (SCAN may name a key twice) is one row.
#pragma once

#include <cstdint>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "port/counter_store.h"

namespace mailweir {

class CounterRows {
 public:
  explicit CounterRows(const CounterQuery& query) : most_(query.most), highest_(query.highest) {}

  // Nothing that comes can change the rows any more.
  bool full() const { return !highest_ && by_name_.size() >= most_; }
  // Whether a counter with this count would be a row: asked before its texts are copied.
  bool wants(std::uint64_t count) const {
    if (count == 0 || most_ == 0) return false;
    return by_name_.size() < most_ || (highest_ && count >= by_count_.begin()->first);
  }
  void add(CounterRow row) {
    const auto [place, is_new] = by_name_.insert(std::move(row));
    if (!is_new || !highest_) return;
    by_count_.insert({place->count, place});
    if (by_name_.size() <= most_) return;
    const auto least = by_count_.begin();
    by_name_.erase(least->second);
    by_count_.erase(least);
  }
  std::vector<CounterRow> take() {
    std::vector<CounterRow> rows;
    rows.reserve(by_name_.size());
    if (highest_) {
      for (auto at = by_count_.rbegin(); at != by_count_.rend(); ++at) rows.push_back(*at->second);
    } else {
      rows.assign(by_name_.begin(), by_name_.end());
    }
    return rows;
  }

 private:
  struct ByName {
    bool operator()(const CounterRow& a, const CounterRow& b) const {
      return std::tie(a.limit, a.key, a.period) < std::tie(b.limit, b.key, b.period);
    }
  };
  using Names = std::set<CounterRow, ByName>;
  // The least count in front; of equal ones the last by name.
  struct ByCount {
    bool operator()(const std::pair<std::uint64_t, Names::iterator>& a,
                    const std::pair<std::uint64_t, Names::iterator>& b) const {
      return a.first != b.first ? a.first < b.first : ByName()(*b.second, *a.second);
    }
  };

  const std::size_t most_;
  const bool highest_;
  Names by_name_;
  std::set<std::pair<std::uint64_t, Names::iterator>, ByCount> by_count_;
};

}  // namespace mailweir

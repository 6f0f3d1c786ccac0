// SPDX-License-Identifier: BSD-2-Clause
// RecentPlaces: values by name, of which those used last are kept. Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text.h"

namespace mailweir {

template <typename Value>
class RecentPlaces {
 public:
  // At least one.
  explicit RecentPlaces(std::size_t most) : most_(most) {}

  // The value, which counts as used now; null: it is not there. Good until the next add().
  Value* find(std::string_view name) {
    const auto place = places_.find(name);
    if (place == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, place->second);
    return &place->second->second;
  }
  // Of a name that is not there. True: another was forgotten for it.
  bool add(const std::string& name, Value value) {
    const bool full = order_.size() >= most_;
    if (full) {
      places_.erase(order_.back().first);
      order_.pop_back();
    }
    order_.emplace_front(name, std::move(value));
    places_.emplace(order_.front().first, order_.begin());
    return full;
  }
  std::size_t size() const { return order_.size(); }

 private:
  using Order = std::list<std::pair<const std::string, Value>>;

  std::size_t most_;
  Order order_;  // the last used first
  std::unordered_map<std::string_view, typename Order::iterator, TextHash, std::equal_to<>> places_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "adapter/counters/key_stripes.h"

#include <algorithm>

#include "port/window_state.h"

namespace mailweir {

KeyStripes::Call::Call(KeyStripes& stripes, std::span<const Charge> charges) : stripes_(stripes) {
  keys_.reserve(charges.size());
  for (const Charge& charge : charges) {
    const bool counts = is_ring(charge.kind) || charge.kind == CountKind::lease;
    keys_.push_back({stripes.hash_(charge.limit, charge.key), counts ? units_of(charge) : 0});
  }
}

void KeyStripes::Call::begin() {
  began_ = ++stripes_.moments_;
  for (const Key& key : keys_)
    if (key.units > 0) stripes_.stripes_[stripe_of(key.hash)].under_way.push_back(key);
}

void KeyStripes::Call::end() {
  for (const Key& key : keys_) {
    if (key.units == 0) continue;
    auto& all = stripes_.stripes_[stripe_of(key.hash)].under_way;
    const auto own = std::find_if(all.begin(), all.end(),
                                  [&key](const Key& one) { return one.hash == key.hash && one.units == key.units; });
    if (own == all.end()) continue;
    *own = all.back();
    all.pop_back();
  }
}

std::uint64_t KeyStripes::Call::under_way(std::size_t at) const {
  std::uint64_t units = 0;
  for (const Key& one : stripes_.stripes_[stripe_of(keys_[at].hash)].under_way)
    if (one.hash == keys_[at].hash) units += one.units;
  return units;
}

bool KeyStripes::Call::is_overtaken() {
  bool overtaken = false;
  const std::uint64_t now = ++stripes_.moments_;
  for (const Key& key : keys_) {
    auto& heard = stripes_.stripes_[stripe_of(key.hash)].heard;
    overtaken = overtaken || (heard > began_ && heard != now);
    heard = now;
  }
  return overtaken;
}

// In ascending order, so that two calls never wait for each other.
KeyStripes::Lock::Lock(KeyStripes& stripes, const Call& call) : stripes_(stripes) {
  for (const Call::Key& key : call.keys_) set_.set(stripe_of(key.hash));
  for (std::size_t i = 0; i < count; ++i)
    if (set_[i]) stripes_.stripes_[i].mutex.lock();
}

KeyStripes::Lock::~Lock() {
  for (std::size_t i = 0; i < count; ++i)
    if (set_[i]) stripes_.stripes_[i].mutex.unlock();
}

}  // namespace mailweir

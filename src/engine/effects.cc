// SPDX-License-Identifier: BSD-2-Clause
#include "engine/effects.h"

#include <algorithm>
#include <utility>

namespace mailweir {
namespace {

std::size_t rank(const Effect& effect) {
  static const std::size_t first_edit = Effect(RemoveHeaders()).index();
  return std::min(effect.index(), first_edit);
}

}  // namespace

void Effects::add(Effect effect) {
  const auto same = std::ranges::find(all_, effect.index(), &Effect::index);
  const bool replaces = row_of(effect).one && same != all_.end();
  auto* signs = same != all_.end() ? std::get_if<Sign>(&*same) : nullptr;
  if (signs != nullptr) signs->join(std::get<Sign>(effect));
  else if (replaces) *same = std::move(effect);
  else all_.insert(std::ranges::upper_bound(all_, rank(effect), {}, rank), std::move(effect));
}

void Effects::join(Effects later) {
  for (auto& effect : later.all_) add(std::move(effect));
}

}  // namespace mailweir

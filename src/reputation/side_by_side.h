// SPDX-License-Identifier: BSD-2-Clause
// side_by_side: looks at many things at once, each with lookups and a deadline of its own, never more than so many at a
// time.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "port/lookups.h"

namespace mailweir {

struct Pace {
  std::size_t at_once = 16;              // looks under way
  std::chrono::milliseconds each{5000};  // of one look
  Deadline all;                          // of all together: what is not answered by then is temperror
};

// A function of the DNS alone, which owns what it refers to: it is also run ahead of time (Lookups::prefetch).
template <typename Found>
using Look = std::function<Found(Lookups&)>;

// What each found, in their order. Where `go_on` says false of one, the others are not looked at.
template <typename Found>
std::vector<Found> side_by_side(dns::Resolver& resolver, const std::vector<Look<Found>>& looks, const Pace& pace,
                                const std::function<bool(const Found&)>& go_on = nullptr) {
  std::vector<std::shared_ptr<Lookups>> begun;
  std::vector<Found> found;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    while (begun.size() < std::min(looks.size(), i + pace.at_once)) {
      const Deadline deadline(std::min(pace.all.at(), Deadline::in(pace.each).at()));
      begun.push_back(Lookups::make(resolver, deadline));
      begun.back()->prefetch([look = looks[begun.size() - 1]](Lookups& lookups) { static_cast<void>(look(lookups)); });
    }
    found.push_back(looks[i](*begun[i]));
    begun[i].reset();
    if (go_on && !go_on(found.back())) break;
  }
  return found;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Effects: what the rules that fired do to a message that goes on (rule/effect.h), of one verdict or of several.
#pragma once

#include <vector>

#include "rule/effect.h"

namespace mailweir {

class Effects {
 public:
  // Of several routes, redirects and holds the last named wins; the rest is collected.
  void add(Effect effect);
  void join(Effects later);

  bool empty() const { return all_.empty(); }
  // Those that edit the header as they came, the others before them, kind by kind.
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }
  // The first of a kind; null: none is.
  template <typename Kind>
  const Kind* find() const {
    return find_effect<Kind>(all_);
  }

 private:
  std::vector<Effect> all_;
};

}  // namespace mailweir

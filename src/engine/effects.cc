// SPDX-License-Identifier: BSD-2-Clause
#include "engine/effects.h"

#include <algorithm>
#include <utility>

namespace mailweir {

void Effects::join(Effects&& later) {
  if (later.hold) hold = std::move(later.hold);
  if (later.redirect) redirect = std::move(later.redirect);
  if (later.route) route = std::move(later.route);
  for (auto& address : later.bcc) bcc.push_back(std::move(address));
  for (auto& edit : later.edits) edits.push_back(std::move(edit));
  sign_author = sign_author || later.sign_author;
  for (auto& domain : later.sign_domains)
    if (std::find(sign_domains.begin(), sign_domains.end(), domain) == sign_domains.end())
      sign_domains.push_back(std::move(domain));
}

}  // namespace mailweir

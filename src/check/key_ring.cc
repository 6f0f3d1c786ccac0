// SPDX-License-Identifier: BSD-2-Clause
#include "check/key_ring.h"

#include <algorithm>

#include "mail/domain.h"

namespace mailweir {

Result<KeyRing> KeyRing::make(std::vector<DkimKey> keys) {
  KeyRing ring;
  ring.domains_.reserve(keys.size());
  for (auto& key : keys) {
    const auto domain = to_domain(key.domain), selector = to_domain(key.selector);
    if (!domain) return Error{"DKIM key: \"" + cleaned(key.domain, false, 300) + "\" is not a valid domain name"};
    if (!selector)
      return Error{"DKIM key of " + *domain + ": \"" + cleaned(key.selector, false, 300) +
                   "\" is not a selector (one or more DNS labels)"};
    if (!key.signer) return Error{"DKIM key " + *selector + "._domainkey." + *domain + ": no key was loaded"};
    key.domain = *domain;
    key.selector = *selector;
    auto& place = ring.domains_[*domain];
    if (std::any_of(place.keys.begin(), place.keys.end(),
                    [&](const DkimKeyPtr& other) { return other->selector == *selector; }))
      return Error{"DKIM key " + *selector + "._domainkey." + *domain + " is given twice"};
    const auto at =
        place.keys.begin() + static_cast<std::ptrdiff_t>(key.subdomains ? place.for_subdomains++ : place.keys.size());
    place.keys.insert(at, std::make_shared<const DkimKey>(std::move(key)));
  }
  return ring;
}

std::span<const DkimKeyPtr> KeyRing::find(std::string_view from_domain) const {
  if (const auto found = domains_.find(from_domain); found != domains_.end()) return found->second.keys;
  for (auto parent = parent_of(from_domain); !parent.empty(); parent = parent_of(parent)) {
    const auto found = domains_.find(parent);
    if (found == domains_.end() || found->second.for_subdomains == 0) continue;
    return std::span(found->second.keys).first(found->second.for_subdomains);
  }
  return {};
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "check/key_ring.h"

#include <algorithm>
#include <utility>

#include "mail/domain.h"

namespace mailweir {
namespace {

Result<void> spell(DkimKey& key) {
  auto domain = to_domain(key.domain), selector = to_domain(key.selector);
  if (!domain) return Error{"DKIM key: \"" + cleaned(key.domain, false, 300) + "\" is not a valid domain name"};
  if (!selector)
    return Error{"DKIM key of " + *domain + ": \"" + cleaned(key.selector, false, 300) +
                 "\" is not a selector (one or more DNS labels)"};
  key.domain = *std::move(domain);
  key.selector = *std::move(selector);
  return {};
}

Error twice(const DkimKey& key) {
  return Error{"DKIM key " + key.selector + "._domainkey." + key.domain + " is given twice"};
}

}  // namespace

Result<KeyRing> KeyRing::make(std::vector<DkimKey> keys, std::vector<UnusableKey> unusable) {
  KeyRing ring;
  ring.domains_.reserve(keys.size() + unusable.size());
  for (auto& key : keys) {
    if (const auto spelled = spell(key); !spelled) return spelled.error();
    if (!key.signer) return Error{"DKIM key " + key.selector + "._domainkey." + key.domain + ": no key was loaded"};
    auto& place = ring.domains_[key.domain];
    if (place.has(key.selector)) return twice(key);
    const auto at =
        place.keys.begin() + static_cast<std::ptrdiff_t>(key.subdomains ? place.for_subdomains++ : place.keys.size());
    place.keys.insert(at, std::make_shared<const DkimKey>(std::move(key)));
  }
  for (auto& one : unusable) {
    if (const auto spelled = spell(one.key); !spelled) return spelled.error();
    auto& place = ring.domains_[one.key.domain];
    if (place.has(one.key.selector)) return twice(one.key);
    place.unusable.push_back(std::move(one));
  }
  return ring;
}

bool KeyRing::Domain::has(const std::string& selector) const {
  return std::ranges::any_of(keys, [&](const DkimKeyPtr& key) { return key->selector == selector; }) ||
         std::ranges::any_of(unusable, [&](const UnusableKey& one) { return one.key.selector == selector; });
}

bool KeyRing::Domain::serves_subdomains() const {
  return for_subdomains > 0 || std::ranges::any_of(unusable, [](const UnusableKey& one) { return one.key.subdomains; });
}

KeyRing::Place KeyRing::place_of(std::string_view from_domain) const {
  if (const auto found = domains_.find(from_domain); found != domains_.end()) return {&found->second, false};
  for (auto parent = parent_of(from_domain); !parent.empty(); parent = parent_of(parent)) {
    const auto found = domains_.find(parent);
    if (found != domains_.end() && found->second.serves_subdomains()) return {&found->second, true};
  }
  return {};
}

std::span<const DkimKeyPtr> KeyRing::find(std::string_view from_domain) const {
  const auto [domain, is_parent] = place_of(from_domain);
  if (domain == nullptr) return {};
  return is_parent ? std::span(domain->keys).first(domain->for_subdomains) : std::span(domain->keys);
}

std::vector<std::string> KeyRing::troubles(std::string_view from_domain) const {
  std::vector<std::string> all;
  const auto [domain, is_parent] = place_of(from_domain);
  if (domain == nullptr) return all;
  for (const auto& one : domain->unusable)
    if (!is_parent || one.key.subdomains) all.push_back(one.trouble);
  return all;
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// KeyRing: the keys of all domains that the policy file names. Immutable and thread-safe once made; a lookup is a hash
// probe for each label, whatever the number of domains.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "port/key_source.h"

namespace mailweir {

// A key that is named and cannot be used: it has no signer.
struct UnusableKey {
  DkimKey key;
  std::string trouble;  // "PLACE: why"
};

class KeyRing {
 public:
  KeyRing() = default;
  // Brings domains and selectors into one spelling. Errors: no domain name, no selector, the same pair twice.
  static Result<KeyRing> make(std::vector<DkimKey> keys, std::vector<UnusableKey> unusable = {});

  // All keys that sign for a From domain (to_domain's spelling): the domain's own, else those of the nearest parent
  // domain that has keys with `subdomains`. Empty if there are none. Good as long as the ring.
  std::span<const DkimKeyPtr> find(std::string_view from_domain) const;
  // The same for those of them that cannot be used. A domain that has nothing else is not signed by a parent's key.
  std::vector<std::string> troubles(std::string_view from_domain) const;
  // Whether a key would sign for it if all could be used.
  bool knows(std::string_view from_domain) const { return place_of(from_domain).domain != nullptr; }
  std::size_t domains() const { return domains_.size(); }

 private:
  struct Domain {
    std::vector<DkimKeyPtr> keys;    // those with `subdomains` first
    std::size_t for_subdomains = 0;  // how many these are
    std::vector<UnusableKey> unusable;

    bool has(const std::string& selector) const;
    bool serves_subdomains() const;
  };
  struct Place {
    const Domain* domain = nullptr;  // null: none
    bool is_parent = false;
  };
  Place place_of(std::string_view from_domain) const;
  std::unordered_map<std::string, Domain, TextHash, std::equal_to<>> domains_;
};

}  // namespace mailweir

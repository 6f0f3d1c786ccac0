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

class KeyRing {
 public:
  KeyRing() = default;
  // Brings domains and selectors into one spelling. Errors: no domain name, no selector, the same pair twice.
  static Result<KeyRing> make(std::vector<DkimKey> keys);

  // All keys that sign for a From domain (to_domain's spelling): the domain's own, else those of the nearest parent
  // domain that has keys with `subdomains`. Empty if there are none. Good as long as the ring.
  std::span<const DkimKeyPtr> find(std::string_view from_domain) const;
  std::size_t domains() const { return domains_.size(); }

 private:
  struct Domain {
    std::vector<DkimKeyPtr> keys;    // those with `subdomains` first
    std::size_t for_subdomains = 0;  // how many these are
  };
  std::unordered_map<std::string, Domain, TextHash, std::equal_to<>> domains_;
};

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// PublicSuffixes: where a public suffix ends, by a list, for the fact from_domain_aligned, which asks no DNS. DMARC
// itself walks the DNS (check/dmarc_walk.h). Thread-safe once made.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mailweir {

class PublicSuffixes {
 public:
  virtual ~PublicSuffixes() = default;
  // "mail.example.co.uk" -> "example.co.uk"; a public suffix is its own. In to_domain's spelling.
  virtual std::string registered_domain(std::string_view domain) const = 0;
};
using PublicSuffixesPtr = std::shared_ptr<const PublicSuffixes>;

}  // namespace mailweir

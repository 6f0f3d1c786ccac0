// SPDX-License-Identifier: BSD-2-Clause
// SigningKeys: which keys sign a message: those of its authors' domains, and of domains that a rule names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "check/key_ring.h"
#include "mail/headers.h"
#include "port/key_source.h"

namespace mailweir {

// The values of the From fields, as they leave. Good until the next change of the list.
std::vector<std::string_view> from_fields(const HeaderList& headers);

// Their authors' domains, in order, each once; "" of an author without one.
std::vector<std::string> author_domains(const std::vector<std::string_view>& from);

// Who may sign: the keys that the policy file names, and those of a place that has a folder, say, for each domain. A
// value; copies share the place.
class SigningKeys {
 public:
  static constexpr std::size_t most = 16;  // that sign one message

  SigningKeys() = default;
  // `place` may be null.
  explicit SigningKeys(KeyRing ring, KeySourcePtr place = nullptr) : ring_(std::move(ring)), place_(std::move(place)) {}

  // No message can be signed.
  bool none() const { return ring_.domains() == 0 && place_ == nullptr; }
  const KeyRing& ring() const { return ring_; }
  const KeySourcePtr& place() const { return place_; }

  // Those of one From domain (to_domain's spelling): of the ring, then of the place.
  KeysFound find(const std::string& domain, Deadline deadline) const;
  // The keys of all these domains, in their order: each domain's owner may want of a receiver that his own signature is
  // there (DMARC, RFC 7489 6.6.1). A key signs once, also where two domains share it. At most `most`, or the first
  // domain's.
  KeysFound find_all(const std::vector<std::string>& domains, Deadline deadline) const;

 private:
  KeyRing ring_;
  KeySourcePtr place_;
};

// "s1._domainkey.example.com", as in the DNS.
std::string name_of(const DkimKey& key);

}  // namespace mailweir

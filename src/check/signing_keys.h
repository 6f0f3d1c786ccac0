// SPDX-License-Identifier: BSD-2-Clause
// SigningKeys: which keys sign a message: those of its authors' domains, and of domains that a rule names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
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

// Who may sign: the keys that the policy file names, those of a place that has a folder, say, for each domain, and
// those of tables that know authors by their whole address. A value; copies share all of them.
class SigningKeys {
 public:
  static constexpr std::size_t most = 16;  // that sign one message

  SigningKeys() : SigningKeys(KeyRing()) {}
  // `place`, `tables` may be null.
  explicit SigningKeys(KeyRing ring, KeySourcePtr place = nullptr, AuthorKeySourcePtr tables = nullptr)
      : ring_(std::make_shared<const KeyRing>(std::move(ring))), place_(std::move(place)), tables_(std::move(tables)) {}

  // No message can be signed.
  bool none() const { return ring_->domains() == 0 && place_ == nullptr && tables_ == nullptr; }
  const KeyRing& ring() const { return *ring_; }
  const KeySourcePtr& place() const { return place_; }
  const AuthorKeySourcePtr& tables() const { return tables_; }

  // For a message with these From fields: only so the tables, which know addresses, are asked.
  SigningKeys of_message(const std::vector<std::string_view>& from) const;

  // Those of one From domain (to_domain's spelling): of the ring, then of the place, then of the tables.
  KeysFound find(const std::string& domain, Deadline deadline) const;
  // The keys of all these domains, in their order: each domain's owner may want of a receiver that his own signature is
  // there (DMARC). A key signs once, also where two domains share it. At most `most`, or the first
  // domain's.
  KeysFound find_all(const std::vector<std::string>& domains, Deadline deadline) const;

 private:
  std::shared_ptr<const KeyRing> ring_;
  KeySourcePtr place_;
  AuthorKeySourcePtr tables_;
  std::vector<std::pair<std::string, std::string>> authors_;  // local part and domain, each once
};

// "s1._domainkey.example.com", as in the DNS.
std::string name_of(const DkimKey& key);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// FromSource: the addresses in the message's From fields, and the facts that come of them.
#pragma once

#include <string>
#include <vector>

#include "fact/family.h"
#include "mail/address.h"

namespace mailweir {

extern const FactFamily from_family;

class FromSource final : public FactSource {
 public:
  explicit FromSource(const FactReader& reader) : reader_(reader) {}

  FactValue get(const FactRef& fact) override;
  void forget(FactScope scope) override;

  // For other families: the addresses, at Sendmail also what it makes of them, and the sender's if there is no From.
  // Empty before the header is read.
  std::span<const FactItem> items();
  std::span<const FactItem> domains();  // of those that have one
  bool names_domain();                  // whether one of them stands there, and is not of Sendmail's making

 private:
  void read();
  FactValue aligned();
  void take_sender();

  const FactReader& reader_;
  std::vector<Address> addresses_;
  std::size_t count_ = 0;  // of those in From
  bool read_ = false;
  std::vector<FactItem> items_, domains_;
};

// The domain of an author or a sender as it is compared. "" for what is not a valid domain name, and for an address,
// in brackets or not: the public suffix list knows nothing of numbers.
std::string organization_name(std::string_view domain);
// The domain that SPF is asked about: the null sender's is the HELO name's (RFC 7208 2.4); "" when that is no domain.
std::string envelope_domain(const FactReader& reader);

}  // namespace mailweir

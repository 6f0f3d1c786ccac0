// SPDX-License-Identifier: BSD-2-Clause
// mail_provider: who has the mailboxes of a domain, by its mail hosts.
#pragma once

#include <string>
#include <string_view>

#include "port/lookups.h"
#include "port/public_suffixes.h"
#include "port/table.h"

namespace mailweir {

struct ProviderResult {
  enum class Status { found, none, temperror, outage };  // outage: the table could not be asked
  Status status = Status::none;
  std::string name;    // found
  std::string reason;  // "gmail.com: MX gmail-smtp-in.l.google.com"
};

// `domain` as in Address::domain(). Its mail hosts with the lowest preference (RFC 5321 5.1) say it, which mail goes to
// first; of a domain without MX the domain itself. The first of them in the order of their names that `providers` has
// a name for; without such an entry the organization of the first, by the public suffix list. none: an address
// literal, or a domain that does not exist or takes no mail (RFC 7505). Either of `providers` and `suffixes` may be
// null.
ProviderResult mail_provider(Lookups& lookups, std::string_view domain, const Table* providers,
                             const PublicSuffixes* suffixes);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Which keys sign a message: those of its authors' domains, and of domains that a rule names. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/key_ring.h"
#include "mail/headers.h"

namespace mailweir {

// The values of the From fields, as they leave. Good until the next change of the list.
std::vector<std::string_view> from_fields(const HeaderList& headers);

// Their authors' domains, in order, each once; "" of an author without one.
std::vector<std::string> author_domains(const std::vector<std::string_view>& from);

// The keys of all these domains, in their order: each domain's owner may want of a receiver that his own signature is
// there (DMARC, RFC 7489 6.6.1). A key signs once, also where two domains share it. At most 16, or the first domain's.
std::vector<const DkimKey*> keys_of(const KeyRing& ring, const std::vector<std::string>& domains);

// "s1._domainkey.example.com", as in the DNS.
std::string name_of(const DkimKey& key);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// DMARC (RFC 9989): whether what SPF and DKIM found speaks for the domain in the From field, and what its owner wants
// done with mail for which nothing speaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/dmarc_record.h"
#include "mail/auth_result.h"
#include "port/lookups.h"

namespace mailweir {

inline constexpr std::size_t most_author_domains = 10;  // of one message; more are not looked up

// What was found of a message before.
struct DmarcEvidence {
  AuthWord spf = AuthWord::none;
  std::string spf_domain;                 // whose SPF it is: of MAIL FROM, or of HELO for the null sender
  std::vector<std::string> dkim_domains;  // whose signature passed
  std::vector<std::string> dkim_unasked;  // whose signature may pass later: its key could not be looked up for now
  bool unusable_author = false;           // an address in From has no usable domain, or is only shown
};

struct DmarcResult {
  AuthWord word = AuthWord::none;  // pass fail none temperror permerror
  std::string reason;
  std::string domain;                    // the From domain that decided
  std::string record_domain;             // where its record stands: there, at its organizational domain, at its suffix
  std::string record;                    // its text, as it came
  std::optional<DmarcPolicy> published;  // p=, sp= or np= of it
  std::optional<DmarcPolicy> requested;  // this after t=: what is to be done with mail that fails
  std::optional<DmarcPolicy> policy;     // what is to be done with this message: as requested; none when it passed
};

// `domains` are those of all addresses in the From field, in to_domain's spelling; `from_fields` how many such fields
// there are. RFC 9989 11.5 leaves several domains to the receiver: each is judged and the worst counts; of more than
// most_author_domains none is asked, and the worst that any could say counts: fail, reject. So it is with an author
// whose domain is not a domain name: mail readers may show another than we read. No From field is a permerror, one
// without a domain none. What could not be looked up is temperror only where it could change the result: a step of the
// author's walk, a signature or SPF of a domain that may be aligned. A stranger's silent name server excuses nothing:
// only names at or above the author's, or below his organizational domain, are asked for records.
DmarcResult dmarc(Lookups& lookups, std::size_t from_fields, const std::vector<std::string>& domains,
                  const DmarcEvidence& evidence);

// Whether what SPF found of an envelope domain can speak for one of the author's. Waits for the walks.
bool may_align(Lookups& lookups, const std::vector<std::string>& domains, std::string_view envelope);

// Whether each of the author's domains has a signer that is aligned with it, as DMARC's relaxed alignment has it (RFC
// 9989 4.4.1), whatever adkim= says. Where no record says which domain is the organization's, only the same domain is.
// Waits for the walks. Nothing: a walk is in trouble, and what decides is not known; or there is no author.
std::optional<bool> has_aligned_signers(Lookups& lookups, const std::vector<std::string>& domains,
                                        const std::vector<std::string>& signers);

// Asks for what dmarc() will ask, for Lookups::prefetch. `identifiers`: domains that SPF or DKIM may authenticate.
void find_dmarc_records(Lookups& lookups, const std::vector<std::string>& domains,
                        const std::vector<std::string>& identifiers);

}  // namespace mailweir

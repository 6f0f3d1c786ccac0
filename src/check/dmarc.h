// SPDX-License-Identifier: BSD-2-Clause
// DMARC (RFC 7489): whether what SPF and DKIM found speaks for the domain in the From field, and what its owner wants
// done with mail for which nothing speaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail/auth_result.h"
#include "port/dmarc_tools.h"
#include "port/lookups.h"

namespace mailweir {

inline constexpr std::size_t most_author_domains = 10;  // of one message; RFC 7489 6.6.1 lets a receiver bound them

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
  std::string record_domain;             // where its record stands: this domain, or its organizational one
  std::string record;                    // its text, as it came
  std::optional<DmarcPolicy> published;  // p= or sp= of it
  std::optional<DmarcPolicy> policy;     // what is to be done with this message: after pct=; none when it passed
};

// `domains` are those of all addresses in the From field, in to_domain's spelling; `from_fields` how many such fields
// there are. `sample` from 0 to 99 decides who is spared by pct= (6.6.4). Several domains: each is judged and the worst
// counts (6.6.1); of more than most_author_domains none is asked, and the worst that any could say counts: fail,
// reject. So it is with an author whose domain is not a domain name: mail readers may show another than we read. No
// From field is a permerror, one without a domain none. What could not be looked up is temperror only where it may
// speak for the author: his domain's record, a signature or SPF of a domain aligned with it. A stranger's silent name
// server excuses nothing.
DmarcResult dmarc(Lookups& lookups, const DmarcTools& tools, std::size_t from_fields,
                  const std::vector<std::string>& domains, const DmarcEvidence& evidence, unsigned sample);

// Whether what SPF found of an envelope domain can speak for one of the author's.
bool may_align(const DmarcTools& tools, const std::vector<std::string>& domains, std::string_view envelope);

// Asks for the records only, for Lookups::prefetch.
void find_dmarc_records(Lookups& lookups, const DmarcTools& tools, const std::vector<std::string>& domains);

}  // namespace mailweir

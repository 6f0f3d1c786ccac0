// SPDX-License-Identifier: BSD-2-Clause
// What Sendmail's default rules make of the domain in an address field, after its filters have run (ruleset 3 of
// proto.m4, AddDomain of the smtp mailers). `host` is its own name, $j. MASQUERADE_AS is not considered.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// Whether Sendmail writes `host` in place of `domain`: localhost, and the like.
bool is_sendmail_itself(std::string_view domain, std::string_view host);

// `mailbox` is in the spelling of a header: without a domain it gets `host`. A quoted local part stays quoted.
std::string with_sendmail_host(std::string mailbox, std::string_view host);

}  // namespace mailweir

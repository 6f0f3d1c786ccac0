// SPDX-License-Identifier: BSD-2-Clause
// What Sendmail does to a message's header behind its filters, done before: so that a signature is over what leaves.
//
// Sendmail 8.17 (headers.c, commaize; the H lines of cfhead.m4 and proto.m4) writes address fields anew when it
// delivers, and adds the Date and Message-ID that are missing. Postfix did all that before the milter.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "check/sign_policy.h"
#include "mail/headers.h"

namespace mailweir {

// RFC 5322 3.3, in UTC.
std::string mail_date(WallTime when);

// Makes the edits to what a signature covers (sendmail_addresses.h); `id` and `host`, its $j, make up the Message-ID.
// Errors: an address whose form at Sendmail cannot be known, so that a signature would break.
Result<void> settle_for_sendmail(HeaderList& headers, const SignPolicy& policy, WallTime now, std::string_view id,
                                 std::string_view host);

}  // namespace mailweir

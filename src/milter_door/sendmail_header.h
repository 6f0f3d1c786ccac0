// SPDX-License-Identifier: BSD-2-Clause
// What Sendmail does to a message's header behind its filters, done before: so that a signature is over what leaves.
//
// Sendmail 8.17 (headers.c, commaize; the H lines of cfhead.m4 and proto.m4) writes address fields anew when it delivers,
// and adds the Date and Message-ID that are missing. Postfix did all that before the milter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "mail/headers.h"

namespace mailweir {

// An address field's value as Sendmail would write it: a blank behind each comma, no empty items, no blanks at the inside
// of <>. Nothing when it is so already, but for folds and the number of blanks, which a relaxed signature allows for; and
// when it is beyond this: groups, 8-bit text, quotes that nobody closes.
// Not done here: names without a domain, to which Sendmail adds its own.
std::optional<std::string> as_sendmail_writes(std::string_view addresses);

// RFC 5322 3.3, in UTC.
std::string mail_date(WallTime when);

// Makes the edits; `id` and `host` make up the Message-ID.
void settle_for_sendmail(HeaderList& headers, WallTime now, std::string_view id, std::string_view host);

}  // namespace mailweir

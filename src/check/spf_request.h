// SPDX-License-Identifier: BSD-2-Clause
// Which identity SPF is asked for (RFC 7208 2.3, 2.4): MAIL FROM, or postmaster at the HELO name for the null sender.
#pragma once

#include <string_view>

#include "mail/address.h"
#include "port/spf.h"

namespace mailweir::spf {

// `helo` as the client gave it. An absent or null sender, or one without a domain, is judged by it.
SpfRequest request_for(const IpAddress& client, const Address& sender, std::string_view helo);
// Of the HELO identity alone.
SpfRequest helo_request(const IpAddress& client, std::string_view helo);

}  // namespace mailweir::spf

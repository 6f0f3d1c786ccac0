// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <optional>
#include <string_view>

#include "base/ip.h"

namespace mailweir {

// The address in "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321 4.1.3). Nothing: the text is not an address literal.
std::optional<IpAddress> address_literal(std::string_view text);

}  // namespace mailweir

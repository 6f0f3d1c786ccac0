// SPDX-License-Identifier: BSD-2-Clause
// How long an address, or a name in HELO, may be: SMTP has 64 octets, "@" and 255 (RFC 5321 4.5.3.1). What is far
// beyond it is refused, not looked at.
#pragma once

#include <cstddef>

namespace mailweir {

inline constexpr std::size_t longest_address = 1000;

}  // namespace mailweir

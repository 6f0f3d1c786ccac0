// SPDX-License-Identifier: BSD-2-Clause
// Base64 (RFC 4648 section 4), padded, on one line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

std::string to_base64(std::string_view bytes);
// Strict: nothing when a byte is outside the alphabet, the length is no multiple of four, or unused bits are set.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What a text is that should be a private key in PEM, and how to convert it.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// "is ..." or "has ...". `passphrase_asked`: by libcrypto, while it tried. The text is not kept, and nothing of it
// told.
std::string why_no_key(std::string_view text, bool passphrase_asked);

}  // namespace mailweir

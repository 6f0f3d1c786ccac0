// SPDX-License-Identifier: BSD-2-Clause
// What the author of a TOML file probably meant, for the mistakes that people make who do not know TOML.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// `description` is toml++'s, `line` and `column` (from 1) its place in `text`. "" when there is nothing to add.
std::string syntax_hint(std::string_view description, std::string_view text, unsigned line, unsigned column);

}  // namespace mailweir

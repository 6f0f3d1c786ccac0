// SPDX-License-Identifier: BSD-2-Clause
// Case folding of what may hold more than ASCII, as mail servers fold it before a lookup (Postfix, casefold(3)).
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// Full case folding of Unicode (CaseFolding.txt, C and F): "ÉLAN" is "élan", "ſales" is "sales", "Kiß" is "kiss". A
// text that is not UTF-8 is folded byte by byte, as ASCII. Linear; without memory of its own beyond the result for
// ASCII.
std::string case_folded(std::string_view text);

}  // namespace mailweir

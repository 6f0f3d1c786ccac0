// SPDX-License-Identifier: BSD-2-Clause
// Patterns on RE2: no expression can take more than linear time or 2 MiB.
#pragma once

#include <string_view>

#include "base/result.h"
#include "port/pattern.h"

namespace mailweir {

// `expression` is what stands between the slashes, in UTF-8. '.' matches a line end too, so that a folded header field
// is one text. A text that is not UTF-8 is matched with U+FFFD in place of each byte that belongs to no character: '.'
// and
// "[^x]" match such a byte, and no sender slips past a pattern with one.
Result<PatternPtr> make_pattern(std::string_view expression);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What makes an entry of a list, a map or a condition one that nothing is called: it came by copy and paste from a page
// or a mail, and looks right.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// Why hardly anything will match it, and what to write: an invisible character (base/code_point.h), a blank that
// is not the one of ASCII, typographic quotes around it, a URL in place of a host or address. "" for a plain one.
// Joiners between letters that are not ASCII belong to some scripts' words.
std::string doubt_about(std::string_view entry);

}  // namespace mailweir

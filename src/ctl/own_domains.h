// SPDX-License-Identifier: BSD-2-Clause
// The domains that an installed Postfix takes mail for, or sends in a way of its own: for [routes] never.
#pragma once

#include <string>

#include "ctl/postfix_tables.h"

namespace mailweir {

// As comments, to be copied into the policy file; tables that cannot be listed are named. "": there is no Postfix here.
std::string never_lines(const PostfixTables& postfix);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What a remove_headers edit finds in a message, for the log.
#pragma once

#include <string>
#include <vector>

#include "mail/headers.h"
#include "rule/effect.h"

namespace mailweir {

// The names of the fields that `edit` removes of this header, as they are written there, each once; the first 20.
std::vector<std::string> removed_headers(const HeaderList& headers, const RemoveHeaders& edit);

}  // namespace mailweir

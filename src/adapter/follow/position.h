// SPDX-License-Identifier: BSD-2-Clause
// A position in a log, as one line of text in a file of its own. Free functions.
#pragma once

#include <string>

#include "base/result.h"

namespace mailweir {

// Empty: there is none yet.
Result<std::string> read_position(const std::string& path);
// Replaces the file.
Result<void> write_position(const std::string& path, const std::string& position);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Suppressed recipients as JSON: in their file, and at the admin door. Free functions.
#pragma once

#include <string>

#include "base/result.h"
#include "delivery/suppressions.h"

namespace mailweir {

// An array of all, those that bounced once too.
std::string suppressions_json(const Suppressions& suppressions);
// Replaces the file.
Result<void> save_suppressions(const Suppressions& suppressions, const std::string& path);
// A file that is not there yet has none.
Result<void> restore_suppressions(const std::string& path, Suppressions& suppressions);

}  // namespace mailweir

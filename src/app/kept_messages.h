// SPDX-License-Identifier: BSD-2-Clause
// The remembered messages in a file, so that a restart forgets none: a JSON object a line. Free functions.
#pragma once

#include <string>

#include "base/result.h"
#include "delivery/accepted_messages.h"

namespace mailweir {

// Replaces the file.
Result<void> save_messages(const AcceptedMessages& messages, const std::string& path);
// How many; 0 where the file is not there yet. A line that is damaged is left out, and is an error at the end.
Result<std::size_t> restore_messages(const std::string& path, AcceptedMessages& messages);

}  // namespace mailweir

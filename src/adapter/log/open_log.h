// SPDX-License-Identifier: BSD-2-Clause
// The log that a setting names.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace mailweir {

// `where` as port/log_setting.h has it. `identity` is the program's name in the journal and syslog.
Result<std::unique_ptr<Log>> open_log(std::string_view where, std::string_view identity);

// Whether this process could open it now; makes nothing.
Result<void> try_log(std::string_view where);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// The log that a setting names.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace mailweir {

// Whether `where` can be opened at all: its form, not the world. Nothing is opened.
Result<void> check_log_setting(std::string_view where);

// "journal", "syslog" (facility mail), "syslog:local3", "stderr", "file:/var/log/mailweir.log". `identity` is the
// program's name in the journal and syslog.
Result<std::unique_ptr<Log>> open_log(std::string_view where, std::string_view identity);

}  // namespace mailweir

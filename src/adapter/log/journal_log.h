// SPDX-License-Identifier: BSD-2-Clause
// A log to the systemd journal, in its own protocol: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, SYSLOG_FACILITY (mail).
// What the journal does not take is dropped and counted.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace mailweir {

// An error when no journal listens on this machine.
Result<std::unique_ptr<Log>> make_journal_log(std::string_view identity);
// Whether one does.
Result<void> find_journal();

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// JournalSource: the mail server's messages in the systemd journal, from the cursor of the last daemon on; without one
// from the end. Only what a service of the system wrote is read: what a user writes with logger(1) is not the mail
// server's.
#pragma once

#include <memory>
#include <string>

#include "adapter/follow/log_source.h"

namespace mailweir {

// `position`: the file in which the cursor is kept. `directory`: of journal files; empty: the system's journal.
std::unique_ptr<LogSource> make_journal_source(std::string position, std::string directory = {});

}  // namespace mailweir

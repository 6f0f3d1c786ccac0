// SPDX-License-Identifier: BSD-2-Clause
// FileSource: a log file that syslog writes. Follows it through rotation: a file that was renamed is read to its end
// before the new one is begun; one that was copied and truncated is read from its start. Where the last daemon stopped
// is found by inode, offset and a hash of the file's beginning, in the renamed file beside it too. Without a position
// it begins at the end.
//
// Limits: a renamed file that was compressed meanwhile, and what was written between a copy and the truncation, is
// missed. A line of more than longest_line is left out; of more than most_behind unread bytes the older are.
#pragma once

#include <memory>
#include <string>

#include "adapter/follow/log_source.h"

namespace mailweir {

// `position`: the file in which the position is kept.
std::unique_ptr<LogSource> make_file_source(std::string path, std::string position);

}  // namespace mailweir

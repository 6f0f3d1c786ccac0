// SPDX-License-Identifier: BSD-2-Clause
// A log in a file: a call formats the line into a bounded buffer and returns; one thread writes the buffer out in large
// pieces, at the latest 50 ms after a line came. Each line begins with its local time (RFC 3339, microseconds).
// When the buffer is full (the disk is slow, or full) lines are dropped and counted, and one line in the file says how
// many. What the disk refuses is kept and tried again. The destructor writes out what is left.
//
// Make it after any fork: a thread does not survive one. Its thread takes no signals.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace mailweir {

struct FileLogConfig {
  std::string path;                  // made with mode 0640 if it is not there; its directory must be
  std::size_t buffer = 4096 * 1024;  // bytes of lines that wait for the disk
};

// The clock must outlive the log. An error names the path.
Result<std::unique_ptr<Log>> make_file_log(const FileLogConfig& config, const Clock& clock);
// Whether it could be opened, or made, now; makes nothing.
Result<void> try_log_file(const std::string& path);

}  // namespace mailweir

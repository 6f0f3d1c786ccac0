// SPDX-License-Identifier: BSD-2-Clause
// A log to syslog(3). The C library has one identity and one connection a process, so there can be one such log at a
// time. A syslog daemon that does not read holds the caller up: where that matters, log to a file.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace mailweir {

// "mail", "daemon", "local0" to "local7", ...: the number of a facility in syslog(3), or nothing.
std::optional<int> syslog_facility(std::string_view name);

// An error where no daemon listens at /dev/log: syslog(3) would drop every line silently.
Result<std::unique_ptr<Log>> make_syslog_log(std::string_view identity, int facility);
// Whether a daemon listens there.
Result<void> find_syslog(const char* path = "/dev/log");

}  // namespace mailweir

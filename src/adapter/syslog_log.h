// SPDX-License-Identifier: BSD-2-Clause
// A log to syslog(3). The C library has one identity and one connection a process, so there can be one such log at a
// time. A syslog daemon that does not read holds the caller up: where that matters, log to a file.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"

namespace mailweir {

// "mail", "daemon", "local0" to "local7", ...: the number of a facility in syslog(3), or nothing.
std::optional<int> syslog_facility(std::string_view name);

std::unique_ptr<Log> make_syslog_log(std::string_view identity, int facility);

}  // namespace mailweir

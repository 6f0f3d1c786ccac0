// SPDX-License-Identifier: BSD-2-Clause
// What [general] log may say. Known to who reads the policy file and to who opens the log, so that check and start
// agree.
#pragma once

#include <array>
#include <string_view>

#include "base/result.h"

namespace mailweir {

// Of syslog(3).
constexpr std::array<std::string_view, 12> log_facilities = {
    "mail", "daemon", "user", "auth", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};

// Whether `where` can be opened at all: its form, not the world. "journal", "syslog" (facility mail), "syslog:local3",
// "stderr", "file:/var/log/mailweir.log".
Result<void> check_log_setting(std::string_view where);

// Of "syslog" or "syslog:FACILITY".
std::string_view log_facility_in(std::string_view where);

}  // namespace mailweir

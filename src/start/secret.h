// SPDX-License-Identifier: BSD-2-Clause
// The secrets that stand in files of their own, read as the daemon's user at the start. Errors name the setting, its
// place and the file.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace mailweir {

// What stands in the first line of [counters] password_file; "" for none.
Result<std::string> read_counters_password(const Config& config);

// [http] token, or what token_file holds; "" for none.
Result<std::string> read_http_token(const Config& config);

// What [alerts] webhook_token_file holds; "" for none.
Result<std::string> read_alert_token(const Config& config);

}  // namespace mailweir

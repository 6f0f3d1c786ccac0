// SPDX-License-Identifier: BSD-2-Clause
// The secrets that stand in files of their own, read as the daemon's user at the start. Errors name the setting and the
// file.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace mailweir {

// What stands in the first line of a file: a password, a token. `key` names it in errors.
Result<std::string> read_secret(const std::string& key, const std::string& path);

// [http] token, or what token_file holds; "" for none.
Result<std::string> read_http_token(const HttpConfig& http);

// What [alerts] webhook_token_file holds; "" for none.
Result<std::string> read_alert_token(const AlertReceivers& alerts);

}  // namespace mailweir

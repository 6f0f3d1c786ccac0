// SPDX-License-Identifier: BSD-2-Clause
// The daemon's receivers of alerts: made from the policy file at the start and at each reload, tested by mailweirctl.
#pragma once

#include <string>

#include "adapter/alert/alert_desk.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace mailweir {

// The token is read as the daemon's user, again at each reload. `host`: what the alerts say of where they come from.
Result<void> use_alert_receivers(AlertDesk& desk, const Config& config, const std::string& host, const Clock& clock);

// What came of a test through each receiver, as JSON.
std::string test_alert_receivers(AlertDesk& desk);

}  // namespace mailweir

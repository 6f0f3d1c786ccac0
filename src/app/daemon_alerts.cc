// SPDX-License-Identifier: BSD-2-Clause
// The daemon's receivers of alerts: made from the policy file at the start and at each reload, tested by mailweirctl.
#include <nlohmann/json.hpp>

#include "app/daemon.h"

namespace mailweir {

// The token is read as the daemon's user, again at each reload.
Result<void> Daemon::use_alerts(const AlertReceivers& alerts, const Policy& policy) {
  const auto token = read_alert_token(alerts);
  if (!token) return token.error();
  const auto receivers = make_receivers(alerts, *token, policy.hostname, clock_);
  if (!receivers) return receivers.error();
  alert_desk_->use(*receivers);
  return {};
}

Result<std::string> Daemon::test_alerts() {
  nlohmann::json result = nlohmann::json::array();
  for (const auto& [name, sent] : alert_desk_->test())
    result.push_back(
        {{"receiver", name}, {"sent", static_cast<bool>(sent)}, {"reason", sent ? "" : sent.error().what}});
  return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "app/alert_receivers.h"

#include <nlohmann/json.hpp>

#include "start/secret.h"

namespace mailweir {

Result<void> use_alert_receivers(AlertDesk& desk, const Config& config, const std::string& host, const Clock& clock) {
  const auto token = read_alert_token(config);
  if (!token) return token.error();
  const auto receivers = make_receivers(config.alerts, *token, host, clock);
  if (!receivers) return receivers.error();
  desk.use(*receivers);
  return {};
}

std::string test_alert_receivers(AlertDesk& desk) {
  nlohmann::json result = nlohmann::json::array();
  for (const auto& [name, sent] : desk.test())
    result.push_back(
        {{"receiver", name}, {"sent", static_cast<bool>(sent)}, {"reason", sent ? "" : sent.error().what}});
  return result.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace mailweir

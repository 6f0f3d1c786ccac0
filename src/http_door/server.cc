// SPDX-License-Identifier: BSD-2-Clause
#include "http_door/server.h"

#include <memory>
#include <utility>

#include "http_door/conversation.h"

namespace mailweir {

HttpServer::HttpServer(Fd listener, std::string token, HttpDoorLimits limits, Services& services,
                       const Snapshot<Policy>& policy)
    : door_{services, policy, limits, stats_, std::move(token), bad_lines_, login_lines_},
      streams_(
          "http", std::move(listener),
          StreamLimits{.connections = limits.connections, .look_round = limits.look_round, .memory = limits.memory},
          services.clock, services.log, [this] { return std::make_unique<HttpConversation>(door_); }) {}

}  // namespace mailweir

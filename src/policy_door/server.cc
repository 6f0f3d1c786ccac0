// SPDX-License-Identifier: BSD-2-Clause
#include "policy_door/server.h"

#include <memory>
#include <utility>

#include "policy_door/conversation.h"

namespace mailweir {

PolicyServer::PolicyServer(Fd listener, PolicyDoorLimits limits, Services& services, const Snapshot<Policy>& policy)
    : door_{services, policy, limits, stats_},
      streams_(
          "policy", std::move(listener),
          StreamLimits{.connections = limits.connections, .look_round = limits.look_round, .memory = limits.memory},
          services.clock, services.log, [this] { return std::make_unique<PolicyConversation>(door_); }) {}

}  // namespace mailweir

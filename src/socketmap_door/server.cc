// SPDX-License-Identifier: BSD-2-Clause
#include "socketmap_door/server.h"

#include <memory>
#include <utility>

#include "socketmap_door/conversation.h"

namespace mailweir {

SocketmapServer::SocketmapServer(Fd listener, SocketmapDoorLimits limits, const Clock& clock, Log& log,
                                 const Snapshot<Policy>& policy)
    : door_{clock, log, policy, limits, stats_},
      streams_(
          "socketmap", std::move(listener),
          StreamLimits{.connections = limits.connections, .look_round = limits.look_round, .memory = limits.memory},
          clock, log, [this] { return std::make_unique<SocketmapConversation>(door_); }) {}

}  // namespace mailweir

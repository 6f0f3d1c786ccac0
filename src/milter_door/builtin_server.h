// SPDX-License-Identifier: BSD-2-Clause
// The milter door by our own transport: a MilterConversation for each connection, served by base/stream_server.h.
#pragma once

#include <memory>

#include "base/guarded.h"
#include "base/handle.h"
#include "engine/services.h"
#include "milter_door/message_bounds.h"
#include "milter_door/milter_server.h"
#include "port/digest.h"

namespace mailweir {

// `listener` is a listening socket; beyond `connections` one more is closed at once.
std::unique_ptr<MilterServer> make_builtin_milter_server(Fd listener, std::size_t connections, Services& services,
                                                         const Digests& digests, const Snapshot<Policy>& policy,
                                                         MilterLimits limits);

}  // namespace mailweir

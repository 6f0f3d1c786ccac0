// SPDX-License-Identifier: BSD-2-Clause
// The milter door by libmilter. The one place that knows it, so that our own transport (builtin_server.h) can stand
// beside it. libmilter runs once in a process, on one socket, and brings its own threads.
//
// The socket is opened before privileges are dropped, the server made and started after.
#pragma once

#include <memory>

#include "base/guarded.h"
#include "base/socket.h"
#include "engine/services.h"
#include "milter_door/message_bounds.h"
#include "milter_door/milter_server.h"
#include "port/digest.h"

namespace mailweir {

// Registers with libmilter and makes its socket. Once in a process.
Result<void> open_libmilter_socket(const SocketName& name, const SocketAccess& access);

std::unique_ptr<MilterServer> make_libmilter_server(Services& services, const Digests& digests,
                                                    const Snapshot<Policy>& policy, MilterLimits limits);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Asks a scanner whether it is there, without a message: for `mailweirctl check`. Each call is one connection, and
// waits until the deadline at the most. Errors name the socket. What a server says of itself comes from outside: escape
// it before it is shown.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/socket.h"

namespace mailweir {

enum class ScannerKind : std::uint8_t { clamd, rspamd, spamd };

// clamd: zPING; rspamd: GET /ping; spamd: PING. An error: no answer, or that of something else.
Result<void> ping_scanner(ScannerKind kind, const SocketName& server, Deadline deadline);

// clamd's zVERSION: "ClamAV 1.4.3/27500/Mon Dec  1 08:00:00 2026".
Result<std::string> version_of_clamd(const SocketName& server, Deadline deadline);

// Whether a clamd takes a stream of so many bytes (StreamMaxLength in clamd.conf(5)). A chunk of that length is
// announced, of which nothing is sent: clamd refuses it at once, or waits for it. Silence until the deadline is a yes.
// MaxFileSize cannot be asked for.
Result<bool> clamd_takes(const SocketName& server, std::uint64_t bytes, Deadline deadline);

}  // namespace mailweir

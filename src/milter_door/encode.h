// SPDX-License-Identifier: BSD-2-Clause
// Events and responses of the milter protocol as packets.
#pragma once

#include <string>

#include "base/result.h"
#include "milter_door/protocol.h"

namespace mailweir::milter {

// Appends a packet. Fails, and appends nothing, when a text holds a NUL or the data is over the longest of a packet.
Result<void> append_event(std::string& out, const Event& event);
Result<void> append_response(std::string& out, const Response& response);

}  // namespace mailweir::milter

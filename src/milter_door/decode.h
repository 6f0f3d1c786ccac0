// SPDX-License-Identifier: BSD-2-Clause
// What a packet of the milter protocol means, from either side. What is malformed is an error that says why. The views
// are the packet's.
#pragma once

#include "base/result.h"
#include "milter_door/packet_reader.h"
#include "milter_door/protocol.h"

namespace mailweir::milter {

Result<Event> decode_event(const Packet& packet);        // said by the MTA
Result<Response> decode_response(const Packet& packet);  // said by the filter

}  // namespace mailweir::milter

// SPDX-License-Identifier: BSD-2-Clause
// What Sendmail logs of a delivery (logdelivery in its deliver.c). Read strictly, as read_postfix_line() does.
#pragma once

#include <optional>
#include <string_view>

#include "delivery/delivery_event.h"

namespace mailweir {

// `message`: what stands behind "sendmail[PID]: ".
std::optional<DeliveryEvent> read_sendmail_line(std::string_view message);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// What Postfix logs of a message (smtp(8), smtpd(8), cleanup(8), qmgr(8)). Read strictly: a line in which anything
// stands elsewhere than Postfix writes it is not understood.
#pragma once

#include <optional>
#include <string_view>

#include "delivery/delivery_event.h"

namespace mailweir {

// `service`: the last part of the program's name, "smtp" of "postfix/smtp"; `message`: what stands behind "]: ".
std::optional<DeliveryEvent> read_postfix_line(std::string_view service, std::string_view message);

}  // namespace mailweir

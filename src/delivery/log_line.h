// SPDX-License-Identifier: BSD-2-Clause
// A line of a mail log as syslog writes it, and as the journal has it.
#pragma once

#include <optional>
#include <string_view>

#include "delivery/delivery_event.h"

namespace mailweir {

// "Dec  1 07:30:58 host postfix/smtp[123]: ..." or "2026-12-01T07:30:58.1+00:00 host ...", without its end.
std::optional<DeliveryEvent> read_log_line(std::string_view line);
// `program`: "postfix/smtp", "sm-mta"; `message`: what it wrote.
std::optional<DeliveryEvent> read_log_message(std::string_view program, std::string_view message);

}  // namespace mailweir

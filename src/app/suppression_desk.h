// SPDX-License-Identifier: BSD-2-Clause
// What the admin door does with suppressed recipients.
#pragma once

#include <functional>

#include "admin_door/admin_server.h"
#include "base/clock.h"
#include "delivery/suppressions.h"

namespace mailweir {

// `known` gives null where the mail server's log is not read: then nothing is suppressed. Both outlive the door.
void offer_suppressions(AdminFunctions& functions, std::function<Suppressions*()> known, const Clock& clock);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// One question to one name server, at its address: what it says now, not what a cache does.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ip.h"
#include "port/dns.h"

namespace mailweir {

// Waits for the answer; a server that does not answer by the deadline is a temperror. Never null.
dns::AnswerPtr ask_server(const IpAddress& server, const std::string& port, const dns::Question& question,
                          Deadline deadline);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// Asks a resolver and waits for what it says.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "adapter/dns/ares_resolver.h"

namespace mailweir::test {

// Asks a silent server again after 50 ms.
std::unique_ptr<dns::Resolver> resolver_at(std::vector<std::string> servers);

dns::AnswerPtr ask(dns::Resolver& resolver, const dns::Question& question, std::chrono::milliseconds patience);

}  // namespace mailweir::test

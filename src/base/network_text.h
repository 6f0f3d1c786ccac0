// SPDX-License-Identifier: BSD-2-Clause
// Networks and addresses as admins write them, in the spellings of several programs. What is not quite one is an error
// that says what to write.
#pragma once

#include <optional>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace mailweir {

// A network or an address ("192.0.2.0/24", "::1", Postfix's "[::1]/128"), or what was meant to be one ("192.0.2.1/24",
// "10/8"); nothing when it is another kind of text.
std::optional<Result<Network>> try_network(std::string_view text);

}  // namespace mailweir

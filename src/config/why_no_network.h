// SPDX-License-Identifier: BSD-2-Clause
// What is said of a text that must be a network, and what to write instead.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// `wanted`: "an address or a network". Of a text that Network::parse() does not take.
std::string why_no_network(std::string_view text, std::string_view wanted);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// TCP and UDP port numbers as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace mailweir {

// "1" to "65535"; nothing for anything else.
inline std::optional<std::uint16_t> to_port(std::string_view text) {
  const auto number = to_number(text);
  if (!number || *number == 0 || *number > 65535) return {};
  return static_cast<std::uint16_t>(*number);
}

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
#include "config/http_token.h"

#include <algorithm>

namespace mailweir {

std::string wrong_http_token(std::string_view token) {
  const bool printable = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (printable && token.size() >= 8 && token.size() <= 512) return {};
  return "must be 8 to 512 printable ASCII characters without blanks";
}

}  // namespace mailweir

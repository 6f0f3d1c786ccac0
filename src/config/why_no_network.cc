// SPDX-License-Identifier: BSD-2-Clause
#include "config/why_no_network.h"

#include "base/network_text.h"
#include "base/text.h"

namespace mailweir {

std::string why_no_network(std::string_view text, std::string_view wanted) {
  const std::string shown = '"' + cleaned(text, false, 60) + '"';
  const auto meant = try_network(text);
  if (!meant) return shown + " is not " + std::string(wanted);
  if (!*meant) return shown + ": " + cleaned(meant->error().what, false, 300);
  return shown + " is a spelling of other programs; write " + (*meant)->to_string();
}

}  // namespace mailweir

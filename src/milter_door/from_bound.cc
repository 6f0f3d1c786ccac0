// SPDX-License-Identifier: BSD-2-Clause
#include "milter_door/from_bound.h"

#include <string_view>

#include "base/text.h"
#include "mail/address_list.h"

namespace mailweir {

std::string over_from_limits(const HeaderList& headers, const FromLimits& limits, std::string_view sendmail) {
  constexpr std::string_view from = "From";
  std::size_t bytes = 0, at_most = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers[i];
    if (!equal_folded(name, from)) continue;
    bytes += value.size();
    if (bytes > limits.bytes) return "the From fields are longer than " + std::to_string(limits.bytes) + " bytes";
    at_most += at_most_addresses(value);
  }
  if (at_most <= limits.addresses) return {};
  std::size_t addresses = 0;
  for (const auto& value : headers.values(from)) addresses += parse_address_list(value, {}, sendmail).size();
  return addresses > limits.addresses
             ? "the From fields name more than " + std::to_string(limits.addresses) + " addresses"
             : std::string();
}

}  // namespace mailweir

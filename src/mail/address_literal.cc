// SPDX-License-Identifier: BSD-2-Clause
#include "mail/address_literal.h"

#include "base/text.h"

namespace mailweir {

std::optional<IpAddress> address_literal(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return {};
  text = text.substr(1, text.size() - 2);
  return IpAddress::parse(starts_folded(text, "ipv6:") ? text.substr(5) : text);
}

}  // namespace mailweir

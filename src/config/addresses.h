// SPDX-License-Identifier: BSD-2-Clause
// How a list of IP addresses is written in the policy file. Not a public header of the floor.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/text.h"
#include "config/form.h"

namespace mailweir::form {

inline Result<IpAddress> ip_address(const std::string& text) {
  if (const auto address = IpAddress::parse(text)) return *address;
  return Error{"\"" + cleaned(text, false, 60) + "\" is not an IP address"};
}

inline std::string print_addresses(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(address.to_string());
  return texts.empty() ? "" : as_toml(texts);
}

}  // namespace mailweir::form

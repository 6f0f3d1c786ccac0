// SPDX-License-Identifier: BSD-2-Clause
#include "check/login.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace mailweir {

std::optional<bool> login_mismatch(const Table& owners, std::string_view login, const Address& address) {
  return login_mismatch(owners.find(address), login, address);
}

std::optional<bool> login_mismatch(const Found& found, std::string_view login, const Address& address) {
  if (found.is_outage()) return {};
  if (login.empty()) return found.has_value();  // as Postfix's reject_sender_login_mismatch
  if (!found) return !equal_folded(login, address.plain()) && !equal_folded(login, address.text());
  std::string list(*found);
  std::replace(list.begin(), list.end(), ',', ' ');
  const auto names = words(list);
  return std::none_of(names.begin(), names.end(), [&](auto name) { return name == "*" || equal_folded(name, login); });
}

}  // namespace mailweir

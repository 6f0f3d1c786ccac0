// SPDX-License-Identifier: BSD-2-Clause
// Whether a login may use a mail address, by a map of addresses, user@ and domains to the logins that may use them
// (separated by blanks or commas; "*" is any login): as Postfix's smtpd_sender_login_maps.
#pragma once

#include <optional>
#include <string_view>

#include "mail/address.h"
#include "port/table.h"

namespace mailweir {

// True when the address has an entry without this login; when it has no entry, if login and address differ. Without a
// login: when the address has an entry. Nothing: the map could not be asked.
std::optional<bool> login_mismatch(const Table& owners, std::string_view login, const Address& address);
// The same, by what the map has for the address.
std::optional<bool> login_mismatch(const Found& found, std::string_view login, const Address& address);

}  // namespace mailweir

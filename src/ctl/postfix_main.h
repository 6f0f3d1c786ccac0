// SPDX-License-Identifier: BSD-2-Clause
// What main.cf of a Postfix on this machine says that a policy file depends on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mailweir {

class WayMaps;

// /etc/postfix/main.cf, or that of the directory in $MAIL_CONFIG, as for Postfix's own commands.
std::string main_cf_path();

// The value of a setting in the text of a main.cf (postconf(5)): the last one counts, lines that begin with a blank go
// on, "$name" is not replaced. Nothing: it is not there, and the default counts.
std::optional<std::string> main_cf_value(std::string_view text, std::string_view name);

// Of domains whose TLS is forced by [tls], but not looked up, because mail for them is handed to `relayhost`: warnings,
// "tls.\"partner.example\": ...". A relay by recipient comes before relayhost. None without a relayhost.
std::vector<std::string> tls_behind_relayhost(const WayMaps& maps, std::string_view relayhost);

}  // namespace mailweir

// SPDX-License-Identifier: BSD-2-Clause
// The TXT record that publishes a DKIM key (RFC 6376 3.6.1; RFC 8463 4), in the forms that people paste. Pure.
#pragma once

#include <string>
#include <string_view>

#include "port/key_source.h"

namespace mailweir {

// "v=DKIM1; k=rsa; p=MIIB...", on one line, as web forms want it.
std::string key_record(const Signer& signer);

// A line of a zone file (RFC 1035 5.1), with strings of at most 255 bytes: "s1._domainkey.example.com. IN TXT ( "..."
// )".
std::string txt_line(std::string_view name, std::string_view text);

// Where the record of a domain stands that leaves it to a hoster: "s1.example.com.dk.hoster.example".
std::string delegated_name(const DkimKey& key, std::string_view hoster);

}  // namespace mailweir

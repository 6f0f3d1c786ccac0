// SPDX-License-Identifier: BSD-2-Clause
// Where the removal from a DNSBL is asked for, and with what text.
#pragma once

#include <string>
#include <string_view>

namespace mailweir {

// The page that the operator of a zone has for it, as of 2026, with {address} or {domain} where it takes them; also of
// the zones below it, which some operators give to each of their customers. "": not known.
std::string_view known_removal_page(std::string_view zone);

// The page for this address or domain: {address} and {domain} are filled in, percent-encoded (RFC 3986 2.1).
std::string removal_page(std::string_view page, std::string_view subject);

// A text to paste into that page. `detail`: what the zone answered.
std::string removal_text(std::string_view subject, std::string_view zone, std::string_view detail,
                         std::string_view hostname);

}  // namespace mailweir
